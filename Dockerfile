# syntax=docker/dockerfile:1

# 1. Build: the page and the server, one file in the end.
FROM rust:1.95-bookworm AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends binaryen \
 && rm -rf /var/lib/apt/lists/* \
 && rustup target add wasm32-unknown-unknown
WORKDIR /src
COPY . .
ENV XDG_CACHE_HOME=/var/cache
# Registry, compiled dependencies and the tools of the page stay on the builder from one build to the next.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/var/cache/hubbub \
    --mount=type=cache,target=/src/target \
    cargo xtask build \
 && install -D target/release/hubbub /out/hubbub \
 && install -d /out/data

# 2. Run: the C library, the binary, and nobody but an ordinary user. No shell.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/hubbub /usr/local/bin/hubbub
# Where a node without Redis keeps its history (hubbub.redb).
COPY --from=build --chown=65532:65532 /out/data /data
WORKDIR /data
VOLUME /data
ENV HOST=0.0.0.0 PORT=8080
EXPOSE 8080
# Longer than the node takes to leave (HUBBUB_DRAIN_TIMEOUT): `docker stop --time 20`.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["/usr/local/bin/hubbub", "health"]
ENTRYPOINT ["/usr/local/bin/hubbub"]
