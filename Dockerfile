# One image for web, worker, beat and commands; docker-compose.yml says which one a container is.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/micdots
ENV PATH=/opt/micdots/bin:$PATH
# Before the code, so that a change of it does not install everything again.
COPY requirements.txt /tmp/requirements.txt
RUN pip install --requirement /tmp/requirements.txt

WORKDIR /srv/micdots
COPY manage.py LICENSE NOTICE ./
COPY micdots micdots
COPY accounts accounts
COPY uploads uploads
COPY generations generations
COPY plays plays
COPY dashboard dashboard
COPY templates templates
COPY static static
COPY locale locale
ENV DJANGO_SETTINGS_MODULE=micdots.settings.production STATIC_ROOT=/srv/static
# The key and the address only let the settings load; nothing of them is kept.
RUN find locale -name django.po -execdir pybabel compile --input-file={} --output-file=django.mo ';' \
    && SECRET_KEY=only-to-build-this-image-abcdefghijklmnopqrstuvwxyz-0123456789 SITE_URL=https://build.invalid \
       python manage.py collectstatic --no-input --verbosity 0 \
    && python -m compileall -q .


FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/micdots --create-home micdots \
    && install --directory --owner micdots --group micdots /var/lib/micdots/tmp /var/lib/micdots/media /var/lib/micdots/mail
COPY --from=build /opt/micdots /opt/micdots
COPY --from=build /srv /srv
WORKDIR /srv/micdots
ENV PATH=/opt/micdots/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=micdots.settings.production \
    STATIC_ROOT=/srv/static \
    VAR_DIR=/var/lib/micdots \
    HOST=0.0.0.0 \
    PORT=8000
USER 10001
VOLUME /var/lib/micdots
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "micdots.run.health"]
CMD ["python", "-m", "micdots.run", "web"]
