#!/bin/sh
# All snapshots of the picture on one page that needs no other file: target/gallery/index.html. Runs the tests that
# compare them first. Fails when a snapshot differs from what is drawn now (expected, actual and difference then stand at
# the top), and when one is drawn by no test any more.
#
#   .ci/gallery.sh                          what ./test gallery runs
#   .ci/gallery.sh page STORED KEPT SEEN    only the page, on standard output: of the snapshots in STORED, with what differed
#                                           in KEPT and an empty file in SEEN for each that was compared; 1 when some differ
set -eu

bold=; plain=
if [ -t 2 ]; then bold=$(printf '\033[1m'); plain=$(printf '\033[0m'); fi
say() { printf '%sgallery%s   %s\n' "$bold" "$plain" "$*" >&2; }

# Where on the page a snapshot stands. A new name that is not here stands at the end.
chapters='hostDynamicGrid 600
hostDynamic1v6 601
HostVideoLandscapeFixed2Seats 400
videoFixedGrid9Seats 800
videoFixedFloat7Seats 801
videoLandscape4Seats 200
audioSalon 70, karaoke 50
hostStaticVoice6v6 1
hostVoiceConnection 2
Custom
Battles
Names, avatars, silent and speaking hosts
On the way, and other sizes
Theme
Others'
chapter() {
    case $1 in
        hosts-*) echo "hostDynamicGrid 600" ;;
        windows-*) echo "hostDynamic1v6 601" ;;
        landscape-2) echo "HostVideoLandscapeFixed2Seats 400" ;;
        fixed-grid-*) echo "videoFixedGrid9Seats 800" ;;
        fixed-float-*) echo "videoFixedFloat7Seats 801" ;;
        landscape-seats-*) echo "videoLandscape4Seats 200" ;;
        salon-* | karaoke-*) echo "audioSalon 70, karaoke 50" ;;
        voice-6v6* | results-6v6*) echo "hostStaticVoice6v6 1" ;;
        voice-connection*) echo "hostVoiceConnection 2" ;;
        custom*) echo "Custom" ;;
        score-* | countdown-* | marks-* | opening* | results-*) echo "Battles" ;;
        theme-*) echo "Theme" ;;
        names-* | avatars* | silent-* | speaking*) echo "Names, avatars, silent and speaking hosts" ;;
        moving-* | sources-* | landscape-*) echo "On the way, and other sizes" ;;
        *) echo "Others" ;;
    esac
}

# figure FILE TITLE [STATE]
figure() {
    printf '<figure%s><img alt="%s" src="data:image/png;base64,' "${3:+ class=$3}" "$2"
    base64 <"$1" | tr -d '\n'
    printf '"><figcaption>%s</figcaption></figure>\n' "$2"
}

head_of_page() {
    cat <<'HTML'
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>costage: snapshots of the picture</title>
<style>
body { margin: 2rem; background: #f3f4f6; color: #17181c; font: 15px/1.4 system-ui, sans-serif }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
section { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-end }
figure { margin: 0; padding: .5rem; background: #fff; border-radius: 6px; box-shadow: 0 1px 3px #0003 }
img { display: block; height: 360px; cursor: zoom-in } img.whole { height: auto; cursor: zoom-out }
figcaption { margin-top: .4rem; font-family: monospace }
.differs { outline: 3px solid #d32f2f } .unseen { outline: 3px dashed #b26a00 }
</style>
<h1>Snapshots of the picture</h1>
HTML
}

# page STORED KEPT SEEN
page() {
    stored=$1 kept=$2 seen=$3 wrong=0 unseen=0 count=0
    names=$(for file in "$stored"/*.png; do [ ! -e "$file" ] || basename "$file" .png; done)
    head_of_page
    for name in $names; do
        count=$((count + 1))
        if [ -e "$kept/$name-diff.png" ]; then
            wrong=$((wrong + 1))
            printf '<h2>%s differs</h2>\n<section>\n' "$name"
            for what in expected actual diff; do figure "$kept/$name-$what.png" "$name-$what" differs; done
            printf '</section>\n'
        elif [ ! -e "$seen/$name" ]; then
            unseen=$((unseen + 1))
        fi
    done
    printf '<p>%d snapshots, %d differ (red), %d were not compared (dashed).</p>\n' "$count" "$wrong" "$unseen"
    printf '%s\n' "$chapters" | while read -r title; do
        begun=
        for name in $names; do
            [ "$(chapter "$name")" = "$title" ] || continue
            [ -n "$begun" ] || printf '<h2>%s</h2>\n<section>\n' "$title"
            begun=yes
            state=
            if [ -e "$kept/$name-diff.png" ]; then state=differs; elif [ ! -e "$seen/$name" ]; then state=unseen; fi
            figure "$stored/$name.png" "$name" "$state"
        done
        [ -z "$begun" ] || printf '</section>\n'
    done
    printf '<script>addEventListener("click", ({ target }) => target.localName === "img" && target.classList.toggle("whole"))</script>\n'
    say "$count snapshots, $wrong differ, $unseen were not compared"
    [ "$count" -gt 0 ] && [ "$wrong" = 0 ] && [ "$unseen" = 0 ]
}

if [ "${1:-}" = page ]; then
    shift
    page "$@"
    exit
fi

cd "$(dirname "$0")/.."
.ci/setup.sh build
target=${CARGO_TARGET_DIR:-target}
gallery=$target/gallery kept=$target/snapshots
rm -rf "$kept" "$gallery"
mkdir -p "$gallery/seen"
seen=$(cd "$gallery/seen" && pwd)
say "building and running the tests of the picture (the first build takes some minutes)"
passed=yes
SNAPSHOTS_SEEN=$seen cargo test --release --locked --package costage-media --test scenes --test scripts --test theme --no-fail-fast >&2 || passed=no
page media/tests/snapshots "$kept" "$seen" >"$gallery/index.html" || passed=no
rm -r "$seen"
say "$(cd "$gallery" && pwd)/index.html"
if [ "$passed" = no ]; then
    say "NOT as stored. A snapshot that no test compares, though all others are right, is to be removed."
    exit 1
fi
