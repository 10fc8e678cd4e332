#!/usr/bin/env bash
# Put this version of SmartFolio in place with Docker Compose, and go back by itself when it does not answer.
#
#   ./deploy.sh                 check, back up, build, start, wait for health, smoke test
#   ./deploy.sh --check         only check; needs no docker
#   ./deploy.sh --skip-build    start the image that is there (smartfolio:latest)
#   ./deploy.sh --force         go on although a check or the backup failed
#
# COMPOSE_FILE (default docker-compose.yml) chooses the deployment. The backup lies in the data volume, under backups/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

compose_file=${COMPOSE_FILE:-docker-compose.yml}
image=smartfolio:latest
previous=smartfolio:previous
force=no build=yes only_check=no problems=0
wait_seconds=${DEPLOY_WAIT_SECONDS:-120}

say() { printf '%s\n' "$*"; }
problem() { printf 'problem: %s\n' "$*" >&2; problems=$((problems + 1)); }
die() { printf 'deploy: %s\n' "$*" >&2; exit 1; }

for argument in "$@"; do
  case $argument in
    --force) force=yes ;;
    --skip-build) build=no ;;
    --check) only_check=yes ;;
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) printf 'deploy: unknown option %s (see --help)\n' "$argument" >&2; exit 2 ;;
  esac
done

# ---------------------------------------------------------------------------------------------- preflight
names_in() { sed -n 's/^\([A-Z][A-Z0-9_]*\)=.*/\1/p' "$1" | sort -u; }
# The value of a variable in .env; read, never executed.
value_of() { sed -n "s/^$1=//p" .env | tail -n 1 | sed "s/^[\"']//; s/[\"']\$//"; }

check_mapping() {
  local name
  for name in $(names_in .env.production.example); do
    grep -Eq "^      $name: " "$compose_file" || problem "$name is not mapped in $compose_file: it would have no effect"
  done
  for name in $(names_in .env); do
    case $name in SMARTFOLIO_* | SECURITY_*) ;; *) continue ;; esac
    grep -q "^$name=" .env.production.example || problem "$name in .env is not a setting of SmartFolio (misspelt?)"
  done
}

# A secret may be empty (one is made) or strong; the same rules as the app's own.
check_secret() {
  local name=$1 value distinct
  value=$(value_of "$name")
  [ -n "$value" ] || return 0
  [ "${#value}" -ge 32 ] || { problem "$name is too short: 32 random characters or more"; return 0; }
  distinct=$(printf '%s' "$value" | fold -w 1 | sort -u | wc -l)
  [ "$distinct" -ge 8 ] || { problem "$name repeats the same few characters"; return 0; }
  if printf '%s' "$value" | grep -Eqi 'change[_-]?me|secret|password|example|default|your[_-]|xxxx'; then
    problem "$name looks like one from an example"
  fi
}

check_env_file() {
  [ -f .env ] || { problem "there is no .env: cp .env.production.example .env && chmod 600 .env"; return 1; }
  [ -z "$(find .env -perm /077)" ] || problem ".env can be read by others: chmod 600 .env"
}

check_port() {
  local host port
  host=$(value_of SMARTFOLIO_HOST) port=$(value_of SMARTFOLIO_PORT)
  host=${host:-127.0.0.1} port=${port:-8080}
  case $port in *[!0-9]*) problem "SMARTFOLIO_PORT is not a number"; return 0 ;; esac
  if [ "$host" = 0.0.0.0 ]; then host=127.0.0.1; fi
  # Our own container may hold it: then it is about to be replaced.
  if running; then return 0; fi
  if (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null; then
    problem "port $port is taken by another program"
  fi
}

have_docker() { command -v docker >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; }
compose() { docker compose -f "$compose_file" "$@"; }
running() { have_docker && [ -n "$(compose ps --status running --quiet app 2>/dev/null)" ]; }

[ -f "$compose_file" ] || die "there is no $compose_file"
if check_env_file; then
  check_mapping
  check_secret SMARTFOLIO_SESSION_KEY
  check_secret SMARTFOLIO_VAULT_KEY
  if [ "$compose_file" = docker-compose.scale.yml ]; then
    [ -n "$(value_of POSTGRES_PASSWORD)$(value_of DATABASE_URL)" ] || problem "POSTGRES_PASSWORD is not set"
  else
    check_port
  fi
fi

if [ "$problems" -gt 0 ]; then
  if [ "$force" = no ] || [ "$only_check" = yes ]; then die "$problems problem(s); nothing was changed"; fi
  say "going on in spite of $problems problem(s), as --force asks"
else
  say "preflight: all well"
fi
[ "$only_check" = no ] || exit 0

# ------------------------------------------------------------------------------------- backup, build, start
have_docker || die "docker with the compose plugin is needed"
[ -f .env ] || die "there is no .env"

backup() {
  running || { say "nothing is running: no backup to make"; return 0; }
  say "backing up"
  compose exec -T app python -P -m smartfolio_app.cli backup
}

answers() { # PATH: what the app answers, asked from inside the container
  compose exec -T app python -c "
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen('http://127.0.0.1:8080$1', timeout=5).status)
except urllib.error.HTTPError as error:
    print(error.code)
except OSError:
    sys.exit(1)" 2>/dev/null
}

# Gives up early on a container that was seen down several times: one that crashes is started again and again.
healthy() {
  local end=$((SECONDS + wait_seconds)) down=0
  while [ "$SECONDS" -lt "$end" ] && [ "$down" -lt 4 ]; do
    if [ "$(answers /healthz || true)" = 200 ]; then return 0; fi
    if ! running; then down=$((down + 1)); fi
    sleep 1
  done
  return 1
}

# Without a sign-in, the list of sources must be there and refuse: neither missing (404) nor broken (500).
smoke() { [ "$(answers /api/users/sources || true)" = 401 ]; }

go_back() {
  say "the new version does not answer as it should; its last lines:" >&2
  compose logs --no-color --tail 40 app >&2 || true
  if ! docker image inspect "$previous" >/dev/null 2>&1; then
    die "there is no earlier image to go back to"
  fi
  docker tag "$previous" "$image"
  compose up -d --no-build --force-recreate app
  healthy || die "the earlier version does not answer either; see: docker compose logs app"
  die "went back to the version before; the data is as the new version left it (a backup is in backups/)"
}

# What to go back to: the image of the container that runs (its tag may have moved on already), else the tagged one.
keep_previous() {
  local id=""
  if running; then
    id=$(docker inspect --format '{{.Image}}' "$(compose ps --quiet app | head -n 1)" 2>/dev/null) || id=""
  fi
  if [ -n "$id" ]; then
    docker tag "$id" "$previous"
  elif docker image inspect "$image" >/dev/null 2>&1; then
    docker tag "$image" "$previous"
  fi
}

if ! backup; then
  [ "$force" = yes ] || die "the backup failed; nothing was changed (--force goes on without)"
  say "going on without a backup, as --force asks"
fi
keep_previous
if [ "$build" = yes ]; then
  say "building"
  compose build app
fi
say "starting"
compose up -d --no-build --remove-orphans || go_back
say "waiting for health (at most $wait_seconds s)"
healthy || go_back
smoke || go_back
say "deployed: healthy, and the sources answer"
