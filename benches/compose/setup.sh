#!/bin/sh
# Builds the rivals of `costage bench compose`, which runs this by itself: libyuv, ffmpeg's libavfilter and GStreamer, from
# Debian's packages.
#
#   benches/compose/setup.sh FOLDER install       what is missing is installed by apt-get where that may be (root, or sudo
#                                                 without a password)
#   benches/compose/setup.sh FOLDER installed     only what is there
#
# FOLDER/libyuv, FOLDER/ffmpeg and FOLDER/gstreamer are there afterwards, or FOLDER/NAME.log says why not. One that is
# missing does not fail the others; its claims are then "not shown". Takes no time when all are built.
set -eu

[ $# = 2 ] || { echo "usage: benches/compose/setup.sh FOLDER install|installed" >&2; exit 2; }
folder=$1 may=$2
case $may in install | installed) ;; *) echo "setup.sh: \`$may\` is neither install nor installed" >&2; exit 2 ;; esac
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"

say() { printf 'compose  %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

packages_of() {
    case $1 in
    libyuv) echo "libyuv-dev" ;;
    ffmpeg) echo "pkg-config libavfilter-dev libavutil-dev" ;;
    gstreamer) echo "pkg-config libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev gstreamer1.0-plugins-base" ;;
    esac
}
flags_of() {
    case $1 in
    libyuv) echo "-lyuv" ;;
    ffmpeg) pkg-config --cflags --libs libavfilter libavutil ;;
    gstreamer) pkg-config --cflags --libs gstreamer-1.0 gstreamer-app-1.0 gstreamer-video-1.0 ;;
    esac
}
is_built() { [ "$folder/$1" -nt "$here/$1.c" ] && [ "$folder/$1" -nt "$here/rival.h" ]; }
build() {
    is_built "$1" && return
    rm -f "$folder/$1"
    flags=$(flags_of "$1" 2>"$folder/$1.log") || return 1
    # shellcheck disable=SC2086 # a list of flags
    cc -O2 -o "$folder/$1.new" "$here/$1.c" $flags 2>"$folder/$1.log" || return 1
    mv "$folder/$1.new" "$folder/$1"
}

apt() {
    if [ "$(id -u)" = 0 ]; then env DEBIAN_FRONTEND=noninteractive apt-get "$@"
    else sudo -n env DEBIAN_FRONTEND=noninteractive apt-get "$@"; fi
}
updated=
install() {
    [ "$may" = install ] && have apt-get || return 1
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || { say "no right to install packages (neither root nor sudo)"; return 1; }
    if [ -z "$updated" ]; then apt update >/dev/null 2>&1 || say "apt-get update failed; trying with the lists at hand"; fi
    updated=yes
    say "installing $*"
    apt install -y --no-install-recommends "$@" >/dev/null 2>&1
}

for rival in libyuv ffmpeg gstreamer; do
    build "$rival" && continue
    packages=$(packages_of "$rival")
    have cc || packages="gcc libc6-dev $packages"
    # shellcheck disable=SC2086 # a list of words
    if install $packages && build "$rival"; then continue; fi
    say "$rival cannot be built (see $folder/$rival.log); on Debian:  apt-get install $packages"
done
