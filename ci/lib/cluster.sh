# ci/run campaign, cluster-test: a search on more than one machine.

run_campaign() {
  command -v python3 > /dev/null || die "python3 is missing; run ci/run setup"
  exec python3 -B ci/cluster "$@"
}

cluster_test_usage() {
  cat <<'TXT'
usage: ci/run cluster-test

Brings up a Slurm of its own on 127.0.0.1, three nodes, all state in a temporary
folder; runs fuzz units in two epochs there, then a campaign of 30 units; kills a
node's daemon with all that runs on it, then the controller; and compares the
merged result with that of --engine=local with the same root seed. Installs
Slurm's packages if they are missing; their daemons are not started for the
machine. A few minutes.
TXT
}

# Debian's build of slurmd lets several nodes live on one host.
cluster_packages() { echo "slurmctld slurmd slurm-client munge"; }

run_cluster_test() {
  case ${1:-} in
    -h | --help) cluster_test_usage; return ;;
    '') ;;
    *) bad_usage "cluster-test: no option '$1'; see ci/run cluster-test --help" ;;
  esac
  # shellcheck source=ci/lib/setup.sh
  . ci/lib/setup.sh
  setup_packages
  # shellcheck disable=SC2046
  get_packages $(cluster_packages)
  step "build release reveille" build release reveille
  [ "$STEP_STATUS" = 0 ] || exit 3
  step "build release explore" build release reveille_explore_driver
  [ "$STEP_STATUS" = 0 ] || exit 3
  step "campaign on a cluster" ci/cluster/cluster_test
  cat "$LOGS/campaign-on-a-cluster.log"
  summary
}
