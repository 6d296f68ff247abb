# syntax=docker/dockerfile:1
# One image for web, worker and migrations. Only wheels whose hash is in requirements/production.txt get in.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements/production.txt /requirements.txt
RUN /venv/bin/pip install --require-hashes --only-binary=:all: -r /requirements.txt
COPY . /app
WORKDIR /app
RUN /venv/bin/python -m compileall -q /app/config /app/billing /app/smartbill /app/notifications \
    && DJANGO_SETTINGS_MODULE=config.settings.production SECRET_KEY=build SELLO_DATA_DIR=/build \
       /venv/bin/python manage.py collectstatic --noinput -v0

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 sello && useradd --uid 10001 --gid sello --no-create-home --shell /usr/sbin/nologin sello \
    && install -d -o sello -g sello -m 0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production SELLO_DATA_DIR=/data
USER sello
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-m", "config.healthcheck"]
# No access log: the addresses of hosted documents are secrets. No control socket: nothing else speaks to the server.
CMD ["gunicorn", "config.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", \
     "--threads", "8", "--timeout", "60", "--graceful-timeout", "30", "--max-requests", "5000", \
     "--max-requests-jitter", "500", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
