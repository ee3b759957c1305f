# The image of `vestibule`: serve, worker, beat, migrate. Its root may be read-only; it writes to /var/lib/vestibule and
# /tmp alone, and both may be tmpfs.

FROM python:3.13-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev libffi-dev \
 && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir uv==0.13.9
# Argon2 is most of what a sign-up costs: built for processors since 2013 (AVX2), it takes half of the wheel's time.
ARG TARGETARCH=amd64
ENV UV_PROJECT_ENVIRONMENT=/opt/vestibule \
    UV_PYTHON_DOWNLOADS=never \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_NO_BINARY_PACKAGE=argon2-cffi-bindings
WORKDIR /src
COPY pyproject.toml uv.lock ./
RUN case "$TARGETARCH" in amd64) march="-march=x86-64-v3" ;; *) march="" ;; esac \
 && CFLAGS="-O3 $march" uv sync --frozen --no-dev --all-extras --no-install-project \
 && echo "-O3 $march" > "$(echo /opt/vestibule/lib/python*/site-packages/argon2_cffi_bindings-*.dist-info)/vestibule-build.txt"
COPY README.md LICENSE ./
COPY src src
RUN uv sync --frozen --no-dev --all-extras --no-editable

FROM python:3.13-slim-bookworm
# The image comes without the standard library's bytecode, and whoever runs it may write none.
RUN python -m compileall -q "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
RUN useradd --system --uid 10001 --home-dir /var/lib/vestibule --create-home vestibule
COPY --from=build /opt/vestibule /opt/vestibule
ENV PATH=/opt/vestibule/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    VAR_DIR=/var/lib/vestibule \
    BIND=0.0.0.0 \
    PORT=8000
USER 10001
WORKDIR /var/lib/vestibule
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/health/live', headers={'Host': 'localhost'}); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["vestibule"]
CMD ["serve"]
