# Noonmark as a container; packaging/compose.yaml runs it, docs/install.md explains the flags. By hand (BuildKit, Docker 23 or newer):
#   docker build -t noonmark .
#   docker run --network host --cap-drop ALL --cap-add NET_BIND_SERVICE --read-only --tmpfs /tmp \
#     -v noonmark:/var/lib/noonmark -v ./etc:/etc/noonmark:ro noonmark
# The Node that package-lock.json pins runs it; the one of the base image only installs.
FROM node:26-bookworm-slim AS install
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY src src
COPY config config
# Few files for a start to load; the bundler is needed for that alone.
RUN npm run build && npm prune --omit=dev

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="Noonmark" \
      org.opencontainers.image.description="Encrypted DNS resolver that keeps working when the clock is wrong" \
      org.opencontainers.image.licenses="MIT"
# Port 53 without root: the capability sits on the runtime and nowhere else. In one step with the copy, because changing
# the file in a layer of its own would store it twice.
RUN --mount=type=bind,from=install,source=/app,target=/install \
    apt-get update \
 && apt-get install -y --no-install-recommends libatomic1 libcap2-bin libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 953 --home-dir /var/lib/noonmark --no-create-home noonmark \
 && install -d -m 700 -o noonmark -g noonmark /var/lib/noonmark \
 && cp -a /install /app \
 && setcap cap_net_bind_service=+ep "$(readlink -f /app/node_modules/.bin/node)"
# Compiled code is kept with the state: the second start takes half as long.
ENV NODE_COMPILE_CACHE=/var/lib/noonmark/compile-cache
USER noonmark
WORKDIR /var/lib/noonmark
# certs, with the keys, and state
VOLUME /var/lib/noonmark
EXPOSE 53/udp 53/tcp 853/tcp 443/tcp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
  CMD ["/app/node_modules/.bin/node", "/app/src/main.ts", "health", "--config", "/etc/noonmark/noonmark.yaml"]
ENTRYPOINT ["/app/node_modules/.bin/node", "/app/src/main.ts"]
CMD ["serve", "--config", "/etc/noonmark/noonmark.yaml"]
