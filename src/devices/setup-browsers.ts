// Setting up a browser alone for DNS over HTTPS: Firefox, and those made of Chromium. As support.mozilla.org and chromium.org
// have it, and the documentation of the policies DnsOverHttpsMode and DnsOverHttpsTemplates; the policy file, and certutil's
// line for the CA, are used by the tests as they stand here.

import { CA_FILE, downloadStep } from './authority-steps.ts';
import { type DeviceFacts, dohTemplate } from './facts.ts';
import {
  commandLines,
  type Guide,
  type GuideInputs,
  type GuidePart,
  type Holding,
  type Step,
  steps,
  TERMINAL,
} from './guide.ts';
import { encryptedHoldings } from './holdings.ts';

export function browsersGuide(inputs: GuideInputs): Guide {
  const { facts } = inputs;
  const template = dohTemplate(facts);
  return {
    title: 'Browsers',
    summary: template === null ? 'DNS over HTTPS is not open here.' : `DNS over HTTPS: ${template}`,
    holds: [...encryptedHoldings(facts), templateHolding(template)],
    parts:
      template === null
        ? []
        : [...authorityParts(inputs), chromiumPart(template, facts), firefoxPart(template)],
  };
}

function templateHolding(template: string | null): Holding {
  return template === null
    ? {
        tone: 'bad',
        text: 'DNS over HTTPS is not open here (`listen.doh`), or its certificate carries no name.',
      }
    : {
        tone: 'good',
        text: `The template is \`${template}\`. Without it, a browser asks what its machine asks, which is this server where the router hands it out.`,
      };
}

function authorityParts(inputs: GuideInputs): GuidePart[] {
  const download = downloadStep(inputs);
  if (download === null) return [];
  return [
    {
      id: 'authority',
      title: 'Trust the CA',
      note: 'Without it a browser refuses this server, and with "secure" DNS has no names at all.',
      steps: steps(
        download,
        {
          text: 'Chrome, Chromium and Edge take it from the system on Windows, Mac and Android. On Linux they have a store of their own:',
          blocks: [
            {
              id: 'nss',
              label: TERMINAL,
              lines: commandLines(
                'certutil -d sql:$HOME/.pki/nssdb -A',
                '-t "C,," -n noonmark',
                `-i ${CA_FILE}`,
              ),
            },
          ],
        },
        {
          text: 'Firefox has one everywhere: Settings, Privacy & Security, View Certificates, Authorities, Import, "Trust this CA to identify websites".',
        },
      ),
    },
  ];
}

function chromiumPart(template: string, facts: DeviceFacts): GuidePart {
  const bootstrap: Step | null =
    facts.name === null
      ? null
      : {
          text: `The browser looks \`${facts.name}\` up through the system first: where that does not ask this server, the public DNS must know the name.`,
        };
  return {
    id: 'chromium',
    title: 'Chrome, Chromium, Edge',
    steps: steps(
      {
        text: 'Settings, Privacy and security, Security, "Use secure DNS", "Add custom DNS service provider", and this template:',
        blocks: [{ id: 'template', label: 'Template', lines: [template] }],
      },
      {
        text: 'Or for everybody on a Linux machine, as a policy. The directory is that of Chromium; Chrome has `/etc/opt/chrome`, Edge `/etc/opt/edge`.',
        blocks: [
          {
            id: 'policy',
            label: '/etc/chromium/policies/managed/noonmark.json',
            lines: [
              JSON.stringify({ DnsOverHttpsMode: 'secure', DnsOverHttpsTemplates: template }, null, 2).split(
                '\n',
              ),
            ].flat(),
          },
        ],
      },
      bootstrap,
    ),
  };
}

function firefoxPart(template: string): GuidePart {
  return {
    id: 'firefox',
    title: 'Firefox',
    steps: steps(
      {
        text: 'Settings, Privacy & Security, DNS over HTTPS, "Max Protection", "Custom", and this template:',
        blocks: [{ id: 'template-firefox', label: 'Template', lines: [template] }],
      },
      {
        text: 'Firefox throws private addresses away that come over HTTPS, so names of the house fail. In `about:config` set `network.trr.allow-rfc1918` to `true`. "Increased Protection" asks the system\'s resolver for them instead.',
      },
      {
        text: 'Away from the house "Max Protection" has no names unless this server can be reached from there: switch it off there, or take "Increased Protection".',
      },
    ),
  };
}
