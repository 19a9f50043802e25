# Assay as an image: the npm package, made from this clone, and nothing else. Untested as a whole (docs/library.md).
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci --no-audit --no-fund && npm pack --pack-destination /tmp

FROM node:24-bookworm-slim
COPY --from=build /tmp/assay-*.tgz /tmp/
RUN npm install --global --no-audit --no-fund /tmp/assay-*.tgz && rm /tmp/assay-*.tgz
# Files in /data belong to whoever may write there: run it with --user "$(id -u):$(id -g)".
USER node
WORKDIR /data
ENTRYPOINT ["assay"]
CMD ["help"]
