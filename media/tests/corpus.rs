//! Replays what the fuzzers found worth keeping (`tests/fuzz/corpus`), so that no finding comes back unseen.

use std::fs;
use std::path::Path;
use std::time::Instant;

use costage_media::codec;
use costage_media::jitter::fuzz;

/// Runs `body` over all inputs of `target`, naming each first so that a failure says which; the number of them.
fn replay(target: &str, body: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus").join(target);
    let found = fs::read_dir(&folder).expect("the corpus is in the repository");
    let mut files: Vec<_> = found.map(|file| file.expect("a corpus file is readable").path()).collect();
    files.sort();
    for file in &files {
        eprintln!("{}", file.display());
        body(&fs::read(file).expect("a corpus file is readable"));
    }
    files.len()
}

#[test]
fn the_depacketiser_takes_its_corpus() {
    assert!(replay("depacketise", fuzz::depacketise) > 20);
}

#[test]
fn the_video_input_takes_its_corpus() {
    assert!(replay("video_input", |data| fuzz::video_input(Instant::now(), data)) > 20);
}

#[test]
fn packetiser_and_depacketiser_agree_on_their_corpus() {
    assert!(replay("round_trip", fuzz::round_trip) > 20);
}

#[test]
fn the_parameter_set_parser_takes_its_corpus() {
    assert!(replay("sps", fuzz::sps) > 20);
}

#[test]
fn the_decoder_takes_its_corpus() {
    assert!(replay("decoder", codec::fuzz::decoder) > 20);
}
