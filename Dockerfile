# Noonmark as a container: `docker build -t noonmark .`, then
#   docker run -v noonmark:/var/lib/noonmark -v ./home.yaml:/etc/noonmark/noonmark.yaml:ro --network host noonmark
# Host network, because an answer must leave from the address that was asked and devices must be told apart.
# The Node that package-lock.json pins runs it; the one of the base image only installs.
FROM node:26-bookworm-slim AS install
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY src src
COPY config config

FROM debian:bookworm-slim
# Port 53 without root: the capability sits on the runtime and nowhere else.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libcap2-bin libatomic1 libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --home-dir /var/lib/noonmark --create-home noonmark
COPY --from=install /app /app
RUN setcap cap_net_bind_service=+ep "$(readlink -f /app/node_modules/.bin/node)"
USER noonmark
WORKDIR /var/lib/noonmark
EXPOSE 53/udp 53/tcp 853/tcp 443/tcp
ENTRYPOINT ["/app/node_modules/.bin/node", "/app/src/main.ts"]
CMD ["serve", "--config", "/etc/noonmark/noonmark.yaml"]
