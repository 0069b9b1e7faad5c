# The server and sluicectl on Debian 12, without what only building needs.
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY . .
# `./dev` installs the packages that it builds with.
RUN ./dev build release && \
    strip build/release/server/sluice build/release/clients/cli/sluicectl

FROM debian:bookworm-slim
# Just the libraries that the two programs are linked to; tests/image checks the list.
RUN apt-get update -qq && \
    apt-get install -y -qq --no-install-recommends \
      ca-certificates libabsl20220623 libboost-json1.81.0 libboost-url1.81.0 libcjose0 \
      libgrpc++1.51 libhiredis0.14 libprometheus-cpp-core1.0 libprotobuf32 \
      libspdlog1.10 libssl3 && \
    rm -rf /var/lib/apt/lists/*
COPY --from=build /src/build/release/server/sluice /src/build/release/clients/cli/sluicectl /usr/local/bin/
# A number, so that Kubernetes can see that it is not root. Nothing is written to the file system.
USER 65532:65532
EXPOSE 8080 50051 9090
# By the same flags as the server's, when they come from the environment.
HEALTHCHECK --interval=10s --timeout=4s --start-period=10s CMD ["sluice", "--check"]
ENTRYPOINT ["sluice"]
