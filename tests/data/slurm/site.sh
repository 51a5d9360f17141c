#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Stand-in for a site: jobs are where they were sent, and only there.
name=$(basename "$0")
clusters=$SLURM_CLUSTERS
[ "$name" != sbatch ] || clusters=${SBATCH_CLUSTERS:-$SLURM_CLUSTERS}
for word; do case $word in --clusters=*) clusters=${word#--clusters=} ;; esac; done
echo "$name $* [${clusters:-default}]" >> "$SITE/asked"
case $name in
sbatch)
	cat > /dev/null
	first=${clusters%%,*}
	echo 11 >> "$SITE/jobs.${first:-default}"
	if [ -n "$clusters" ]; then echo "11;$first"; else echo 11; fi ;;
squeue)
	for one in $(echo "${clusters:-default}" | tr , ' '); do
		[ -z "$clusters" ] || echo "CLUSTER: $one"
		[ ! -e "$SITE/jobs.$one" ] || echo "11|0|RUNNING|None|n1|swapscale-ab-1"
	done ;;
scancel)
	for one in $(echo "${clusters:-default}" | tr , ' '); do rm -f "$SITE/jobs.$one"; done ;;
sinfo)
	for one in $(echo "${clusters:-default}" | tr , ' '); do
		[ -z "$clusters" ] || echo "CLUSTER: $one"
		echo "n1|drained|bad disk of $one"
	done ;;
esac
