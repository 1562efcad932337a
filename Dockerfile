# The service as it runs in production: no development tools, no root, nothing written to disk.
# By version; README.md in deploy/ says how to pin it by digest.
ARG BASE_IMAGE=node:24.21.0-alpine

# Compiled code needs 25 MB less memory than sources, whose types Node removes as it loads them.
FROM ${BASE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.package.json ./
COPY deploy/npm ./deploy/npm
COPY src ./src
RUN node deploy/npm/build.ts --declaration false

FROM ${BASE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM ${BASE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
USER node
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8080) + '/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The heap follows the memory limit of the container; new records (48 MB), buffers and code need the rest.
ENTRYPOINT ["node", "--max-old-space-size-percentage=50", "--max-semi-space-size=16", "dist/main.js"]
CMD ["serve"]
