//! Arrows only downward, and each library in its own rooms (ARCHITECTURE.md has the same tables for people).

use crate::Finding;
use crate::source::{Named, Source, module_path};

/// The root package: a room may name rooms of lower layers. Rooms of one layer are siblings and never name each other.
const HOUSE: &[(&str, u8)] = &[
    ("app", 5),
    ("api", 4),
    ("avatar", 4),
    ("peer", 4),
    ("store", 4),
    ("webhook", 4),
    ("client", 4),
    ("engine", 3),
    ("outgoing", 3),
    ("live", 2),
];

/// The media core: L1 rooms may name each other and L0; L0 names L0 alone.
const MEDIA: &[(&str, u8)] = &[
    ("forward", 1),
    ("jitter", 1),
    ("mix", 1),
    ("scene", 1),
    ("codec", 1),
    ("kernel", 0),
    ("frame", 0),
    ("packet", 0),
    ("time", 0),
];

/// Libraries with an owner: nobody else names them. Paths are prefixes of file names.
const OWNERS: &[(&str, &[&str])] = &[
    ("rtc", &["src/peer", "src/client"]),
    ("webrtc", &["src/peer", "src/client"]),
    ("quinn_udp", &["src/peer"]),
    ("socket2", &["src/peer"]),
    ("axum", &["src/api"]),
    ("tower_http", &["src/api"]),
    ("hyper", &["src/api"]),
    ("hyper_util", &["src/api"]),
    ("rust_embed", &["src/api"]),
    ("jsonwebtoken", &["src/api"]),
    ("schemars", &["src/api", "src/live"]),
    ("reqwest", &["src/client", "src/outgoing", "src/webhook"]),
    ("rusqlite", &["src/store"]),
    ("sqlx", &["src/store"]),
    ("redb", &["src/store"]),
    ("sled", &["src/store"]),
    ("clap", &["src/app", "src/main.rs"]),
    ("toml", &["src/app"]),
    ("openh264_sys2", &["media/src/codec"]),
    ("opus", &["media/src/codec"]),
    ("image", &["media/src/codec"]),
    ("cosmic_text", &["media/src/scene", "media/src/mix"]),
    ("tiny_skia", &["media/src/scene", "media/src/mix"]),
];

/// What sans-IO code never names, whoever owns it.
const OUTSIDE_WORLD: &[&str] = &["tokio", "axum", "rtc", "webrtc", "std::net", "std::thread", "std::fs", "std::env"];

/// All arrows of one file that point up or sideways, and libraries named outside their rooms.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for named in &source.named {
        findings.extend(arrow(source, named));
        findings.extend(owner(source, named));
        findings.extend(outside_world(source, named));
    }
    let room = room_of(&source.file);
    let layers = layers_of(&source.file);
    if let Some(room) = room
        && layer(layers, &room).is_none()
    {
        findings.push(Finding::new(
            &source.file,
            1,
            format!("room `{room}` has no layer; give it one in tests/tidy/layers.rs"),
        ));
    }
    findings.sort();
    findings.dedup();
    findings
}

fn layers_of(file: &str) -> &'static [(&'static str, u8)] {
    if file.starts_with("media/") { MEDIA } else { HOUSE }
}

fn layer(layers: &[(&str, u8)], room: &str) -> Option<u8> {
    layers.iter().find(|(name, _)| *name == room).map(|(_, layer)| *layer)
}

/// `src/engine/shard.rs` → `engine`; nothing for `lib.rs` and `main.rs`, which stand above all rooms.
fn room_of(file: &str) -> Option<String> {
    module_path(file).first().cloned()
}

fn arrow(source: &Source, named: &Named) -> Option<Finding> {
    let from = room_of(&source.file)?;
    let own_crate = if source.file.starts_with("media/") { "costage_media" } else { "costage" };
    let [root, to, ..] = named.segments.as_slice() else { return None };
    if root != "crate" && root != own_crate {
        return None;
    }
    let layers = layers_of(&source.file);
    let finding = |message: String| Some(Finding::new(&source.file, named.line, message));
    let Some(target) = layer(layers, to) else {
        return finding(format!("`{from}` names `{}`, which is in no room", named.segments.join("::")));
    };
    let own = layer(layers, &from)?;
    let siblings_may_talk = source.file.starts_with("media/");
    if *to == from || target < own || (target == own && siblings_may_talk) {
        return None;
    }
    finding(format!("`{from}` (L{own}) names `{}` (L{target}): arrows point down only", named.segments.join("::")))
}

fn owner(source: &Source, named: &Named) -> Option<Finding> {
    let first = named.segments.first()?;
    // The crates of the webrtc-rs project that `rtc` is made of count as `rtc`.
    let name = if first.starts_with("rtc_") { "rtc" } else { first };
    let (_, rooms) = OWNERS.iter().find(|(library, _)| *library == name)?;
    if rooms.iter().any(|room| source.is_under(room) || source.file == *room) {
        return None;
    }
    Some(Finding::new(&source.file, named.line, format!("`{first}` is named outside {}", rooms.join(", "))))
}

fn outside_world(source: &Source, named: &Named) -> Option<Finding> {
    if !source.file.starts_with("media/") && !source.is_under("src/live") {
        return None;
    }
    let path = named.segments.join("::");
    let world =
        OUTSIDE_WORLD.iter().find(|world| path.strip_prefix(**world).is_some_and(|rest| rest.starts_with("::")))?;
    Some(Finding::new(&source.file, named.line, format!("`{path}`: sans-IO code never names {world}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(file: &str, text: &str) -> Vec<String> {
        check(&Source::parse(file, text).unwrap()).into_iter().map(|finding| finding.message).collect()
    }

    #[track_caller]
    fn is_refused(file: &str, text: &str) {
        assert_eq!(messages(file, text).len(), 1, "{:?}", messages(file, text));
    }

    #[track_caller]
    fn is_fine(file: &str, text: &str) {
        assert_eq!(messages(file, text), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_up_is_found() {
        is_refused("src/live/seat.rs", "use crate::engine::Clock;");
        is_refused("src/engine/mod.rs", "fn f() { crate::peer::open(); }");
        is_refused("src/engine/shard.rs", "use super::super::app::Config;");
        is_refused("media/src/kernel/scale.rs", "use crate::scene::Rect;");
        is_refused("media/src/frame/mod.rs", "fn f(m: crate::mix::Canvas) {}");
        is_fine("src/app/serve.rs", "use crate::{api, peer, engine::Clock, live::Command};");
        is_fine("media/src/mix/video.rs", "use crate::{scene::Scene, codec::VideoEncoder, kernel::Kernels};");
    }

    #[test]
    fn siblings_that_name_each_other_are_found() {
        is_refused("src/api/whip.rs", "use crate::peer::Session;");
        is_refused("src/store/memory.rs", "type T = crate::client::Host;");
        is_refused("src/peer/mod.rs", "use costage::api::Problem;");
        is_fine("src/api/whip.rs", "use crate::api::problem::Problem; use crate::engine::Signalling;");
    }

    #[test]
    fn an_arrow_hidden_in_a_rename_or_a_macro_is_found() {
        is_refused("src/live/a.rs", "fn f() { assert!(crate::store::open()); }");
        assert_eq!(messages("src/live/a.rs", "use crate::engine as house; fn f() { house::start(); }").len(), 2);
    }

    #[test]
    fn a_library_outside_its_rooms_is_found() {
        is_refused("src/engine/shard.rs", "use rtc::rtp::Packet;");
        is_refused("src/api/whep.rs", "fn f() { webrtc::api::new(); }");
        is_refused("src/app/serve.rs", "use axum::Router;");
        is_refused("src/api/lives.rs", "use rusqlite::Connection;");
        is_refused("src/engine/a.rs", "use rtc_sdp::description::Session;");
        is_fine("src/peer/session.rs", "use rtc::sdp::Session; fn f(rtc: u8) -> u8 { rtc }");
        is_fine("src/api/mod.rs", "use axum::Router;");
    }

    #[test]
    fn the_outside_world_is_found_in_sans_io_code() {
        is_refused("media/src/jitter/ring.rs", "use tokio::sync::mpsc;");
        is_refused("media/src/mix/audio.rs", "fn f() { std::thread::yield_now(); }");
        is_refused("src/live/live.rs", "use std::net::SocketAddr;");
        is_fine("src/live/live.rs", "#[cfg(test)] mod tests { use std::fs::read; }");
    }

    #[test]
    fn a_room_without_a_layer_is_found() {
        is_refused("src/helpers/mod.rs", "");
        is_refused("src/api/mod.rs", "use crate::helpers::x;");
    }
}
