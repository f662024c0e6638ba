# lambdatui in a container: `docker build -t lambdatui .`; docs/container.md says how it is run.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY docs/lambdatui.1 docs/lambdatui.1
COPY pricing pricing
COPY collectors collectors
COPY lambdatui lambdatui
RUN python -m venv /opt/lambdatui && /opt/lambdatui/bin/pip install --no-cache-dir .

FROM python:3.13-slim
RUN useradd --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin lambdatui
COPY --from=build /opt/lambdatui /opt/lambdatui
ENV PATH=/opt/lambdatui/bin:$PATH \
    LAMBDATUI_DB=/data/lambdatui.db \
    LAMBDATUI_HEALTHY_S=900
USER lambdatui
WORKDIR /data
VOLUME /data
# Healthy: something was read in full up to a moment of the last $LAMBDATUI_HEALTHY_S seconds. The first collection of a
# large account may take longer than the start period; each later round begins where the last one ended.
HEALTHCHECK --interval=2m --timeout=30s --start-period=15m --retries=2 \
    CMD test "$(lambdatui db query --csv "SELECT max(to_ms) > (strftime('%s', 'now') - ${LAMBDATUI_HEALTHY_S:-900}) * 1000 FROM covered" | tail -n 1)" = 1
ENTRYPOINT ["lambdatui"]
CMD ["collect", "--watch", "--every", "5m"]
