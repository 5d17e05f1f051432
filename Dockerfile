# One image for every process of docker-compose.yml; the command says which one it is.
FROM python:3.11-slim

WORKDIR /app
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.lock

COPY pyproject.toml README.md taizhang.py ./
COPY ledger ledger
COPY producers producers
COPY processors processors
COPY analytics analytics
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && useradd --create-home taizhang \
    && install -d -o taizhang /data
USER taizhang
ENV TAIZHANG_DATA=/data PYTHONUNBUFFERED=1
ENTRYPOINT ["taizhang"]
CMD ["--help"]
