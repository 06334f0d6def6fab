// The set-up page of each family of devices, by its name in the URL. What each says is in its own setup-*.ts; what a page
// looks like is src/web/setup-page.ts.

import type { Family, Guide, GuideInputs } from './guide.ts';
import { androidGuide } from './setup-android.ts';
import { appleGuide } from './setup-apple.ts';
import { browsersGuide } from './setup-browsers.ts';
import { curlGuide } from './setup-curl.ts';
import { linuxGuide } from './setup-linux.ts';
import { routersGuide } from './setup-routers.ts';
import { windowsGuide } from './setup-windows.ts';

export const GUIDES: Readonly<Record<Family, (inputs: GuideInputs) => Guide>> = {
  apple: appleGuide,
  android: androidGuide,
  windows: windowsGuide,
  linux: linuxGuide,
  browsers: browsersGuide,
  routers: routersGuide,
  curl: curlGuide,
};
