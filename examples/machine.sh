#!/usr/bin/env bash
# Creates a GPU machine at Exabits for a job, and deletes it whatever has happened. Save it as .github/machine.sh;
# train-and-tear-down.yml shows how to use it.
#
#   machine.sh create NAME IMAGE_ID FLAVOR_ID
#   machine.sh wait NAME          until it accepts SSH; then: ssh -F "$RUNNER_TEMP/NAME.ssh" NAME
#   machine.sh delete NAME TRIES  looks for it that many times, 10 seconds apart, and deletes every machine of that name
#
# Choose a name that no other machine has, and sign in with exabits-auth first. Needs bash, curl 7.82, jq and ssh.
set -euo pipefail

command=${1:?create, wait or delete} name=${2:?the name of the machine}
[[ $name =~ ^[A-Za-z0-9][A-Za-z0-9-]*$ ]] || { echo "A name has letters, digits and hyphens, not '$name'." >&2; exit 2; }
key=$RUNNER_TEMP/$name.key
machines=$EXABITS_API_BASE_URL/virtual-machines
poll=${POLL_SECONDS:-10}

# Answers are checked before they are used or printed: a line break in one could become an ssh setting or a workflow
# command.
checks='
  def line: tostring | gsub("[^ -Z^-~]"; "?");
  def word: if type == "string" and test("\\A\\w[\\w.:-]*\\z") then . else error("Not usable: \(line)") end;
  def data: if .status == true then .data else error(.message | line) end;'

request() {
  curl --silent --show-error --max-time 20 -H @"$EXABITS_HEADERS_FILE" "$@"
}

# Prints each machine of this name as a line of JSON.
list() {
  local filters='[{"key":"name","op":"contains","val":"'$name'"}]'
  request --fail-with-body --get --data-urlencode "filters=$filters" "$machines" |
    jq --null-input --compact-output --arg name "$name" \
      "$checks"'input | data | (. // [])[] | select(.name == $name)'
}

create() {
  local image=${1:?An image is missing: see egpu image list} flavor=${2:?A flavor is missing: see egpu flavor list}
  ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$key"
  jq --null-input --arg name "$name" --arg image "$image" --arg flavor "$flavor" --rawfile key "$key.pub" \
    '{$name, image_id: $image, flavor_id: $flavor, ssh_key: {$name, public_key: ($key | rtrimstr("\n"))}}' |
    request --fail-with-body --max-time 120 --json @- "$machines" |
    jq --null-input --raw-output "$checks"'input | data | "Created the machine \(.id | word)."'
}

wait_for_ssh() {
  local machine status='' host user
  until [ "$status" = running ]; do
    sleep "$poll"
    # A missing answer is no reason to give up: the next may arrive.
    machine=$(list) || continue
    status=$(jq --raw-output "$checks"'.status | word' <<< "$machine") || continue
    echo "$name: ${status:-not listed yet}"
    [ "$status" != error ] || { echo "::error::The machine $name did not start."; exit 1; }
  done
  host=$(jq --raw-output "$checks"'.fixed_ip | word' <<< "$machine")
  user=$(jq --raw-output "$checks"'.login.username | word' <<< "$machine")

  # The machine is new, so its host key is unknown: accept the first one, and expect the same from then on.
  cat > "$RUNNER_TEMP/$name.ssh" << END
Host $name
  HostName $host
  User $user
  IdentityFile "$key"
  IdentitiesOnly yes
  BatchMode yes
  UserKnownHostsFile "$key.host"
  StrictHostKeyChecking accept-new
  ConnectTimeout 10
  ServerAliveInterval 30
END
  until ssh -F "$RUNNER_TEMP/$name.ssh" "$name" true; do sleep "$poll"; done
}

delete() {
  local ids id='' listed='' deleted=''
  for _ in $(seq "$1"); do
    if ids=$(list | jq --raw-output "$checks"'.id | word'); then
      listed=true
      if [ -z "$ids" ] && [ -n "$deleted" ]; then
        echo "The machine $name is deleted."
        echo "deleted=true" >> "$GITHUB_OUTPUT"
        return
      fi
      # An empty list proves nothing: the machine may be created late, and be listed even later. Only one that was
      # listed can be gone. If the answer to a deletion is lost, it is tried again, and 404 then means success.
      for id in ${ids:-$id}; do
        request --request DELETE --write-out '{"code": %{http_code}}' "$machines/$id" |
          jq --slurp --exit-status 'first.status == true or last.code == 404' > /dev/null && deleted=true
      done
    fi
    sleep "$poll"
  done
  if [ -n "$id" ] || [ -z "$listed" ]; then
    echo "::error::The machine $name may still run and cost money. Delete it by hand: egpu vm list, then egpu vm delete ID --force"
    exit 1
  fi
  echo "::warning::No machine $name has appeared so far. If one does later, it costs money: look at egpu vm list."
}

case $command in
  create) create "${@:3}" ;;
  wait) wait_for_ssh ;;
  delete) delete "$3" ;;
  *) echo "machine.sh create, wait or delete, not '$command'" >&2; exit 2 ;;
esac
