//! Avatars that come in, previews that go out.

use costage::api::auth::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::house::House;

/// A PNG of one colour.
pub(crate) fn png_of(side: u32, rgb: [u8; 3]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Rgb);
    let pixels: Vec<u8> = (0..side * side).flat_map(|_| rgb).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    file
}

/// Width, height, and RGB row by row.
fn read(file: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    (info.width, info.height, rgb)
}

fn pixel((width, _, rgb): &(u32, u32, Vec<u8>), x: u32, y: u32) -> [u8; 3] {
    let at = usize::try_from((y * width + x) * 3).unwrap();
    rgb[at..at + 3].try_into().unwrap()
}

const AVATAR: &str = "/v1/users/alice/avatar";
const PREVIEW: &str = "/v1/lives/a/preview.png";
const PINK: [u8; 3] = [230, 90, 160];

fn is_pink(found: [u8; 3]) -> bool {
    found.iter().zip(PINK).all(|(found, wanted)| found.abs_diff(wanted) < 8)
}

/// Clear of initials, inside the disc: the middle of the canvas, a little to the left.
const ON_THE_DISC: (u32, u32) = (360 - 120, 640);

#[tokio::test(flavor = "multi_thread")]
async fn a_users_avatar_is_set_by_itself_or_the_backend_and_drawn() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let photo = png_of(64, PINK);
    let before = read(&house.picture("", PREVIEW).await);
    assert!(!is_pink(pixel(&before, ON_THE_DISC.0, ON_THE_DISC.1)), "initials");
    for token in [house.host("alice", "a"), house.token(Role::Audience, "alice", "x"), house.admin()] {
        assert_eq!(house.photo(&token, AVATAR, "image/png", &photo).await.expect(204), Value::Null);
    }
    let after = read(&house.picture("", PREVIEW).await);
    assert!(is_pink(pixel(&after, ON_THE_DISC.0, ON_THE_DISC.1)));
    assert_ne!(pixel(&after, 20, 20), pixel(&after, ON_THE_DISC.0, ON_THE_DISC.1), "round, and not all of the tile");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_avatar_is_nobody_elses_to_set() {
    let house = House::open().await;
    let photo = png_of(4, PINK);
    house.photo("", AVATAR, "image/png", &photo).await.problem(401, "unauthorized");
    house.photo("nonsense", AVATAR, "image/png", &photo).await.problem(401, "unauthorized");
    for token in [house.host("bob", "a"), house.token(Role::Guest, "bob", "*")] {
        let refused = house.photo(&token, AVATAR, "image/png", &photo).await.problem(403, "forbidden");
        assert!(refused["detail"].as_str().unwrap().contains("alice"), "{refused}");
    }
    let odd = house.photo(&house.admin(), "/v1/users/a%20b/avatar", "image/png", &photo).await;
    assert!(odd.problem(400, "bad-request")["detail"].as_str().unwrap().starts_with("`userId`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_avatar_that_is_no_picture_is_refused_by_what_to_change_and_the_old_one_stays() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let (admin, photo) = (house.admin(), png_of(64, PINK));
    house.photo(&admin, AVATAR, "image/png", &photo).await.expect(204);
    let bomb = {
        // Only its head says so; its checksum is not looked at before.
        let mut bomb = png_of(4, PINK);
        bomb[16..24].copy_from_slice(&[0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50]);
        bomb
    };
    let large = [png_of(4, PINK), vec![0; 4 << 20]].concat();
    // A WebP without loss whose head says 1025x1024; nothing else of it is looked at.
    let webp = [&b"RIFF\x12\0\0\0WEBPVP8L\x05\0\0\0\x2f"[..], &(1024_u32 | 1023 << 14).to_le_bytes(), b"\0"].concat();
    for (media_type, body, status, slug, says) in [
        ("image/gif", &b"GIF89a"[..], 415, "unsupported-media-type", "image/png, image/jpeg, image/webp"),
        ("image/svg+xml", b"<svg/>", 415, "unsupported-media-type", "image/png, image/jpeg, image/webp"),
        ("image/jpeg", &photo, 415, "unsupported-media-type", "is not image/jpeg: image/png"),
        ("image/png", b"<svg/>", 415, "unsupported-media-type", "none of PNG, JPEG and WebP"),
        ("image/png", b"", 415, "unsupported-media-type", "none of PNG, JPEG and WebP"),
        ("image/png", &photo[..60], 422, "unusable-picture", "send the whole file"),
        (
            "image/webp",
            &webp,
            422,
            "unusable-picture",
            "1025x1024; at most 4096 pixels a side and 1048576 pixels altogether",
        ),
        ("image/png", &large, 413, "body-too-large", "at most 4194304 bytes"),
    ] {
        let refused = house.photo(&admin, AVATAR, media_type, body).await.problem(status, slug);
        assert!(refused["detail"].as_str().unwrap().contains(says), "{refused}");
    }
    let refused = house.photo(&admin, AVATAR, "image/png", &bomb).await.problem(422, "unusable-picture");
    assert!(!refused["detail"].as_str().unwrap().is_empty());
    assert!(is_pink(pixel(&read(&house.picture("", PREVIEW).await), ON_THE_DISC.0, ON_THE_DISC.1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_does_not_arrive_in_five_seconds_is_refused() {
    let house = House::open().await;
    let request = format!(
        "PUT {AVATAR} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\ncontent-type: image/png\r\n\
         content-length: 100\r\n\r\n\u{1}",
        house.admin()
    );
    let began = std::time::Instant::now();
    let said = house.raw(&request).await;
    assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("after 5 seconds"), "{said}");
    assert!(began.elapsed() < std::time::Duration::from_secs(9));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_the_connection_as_it_is_and_as_it_might_be() {
    let house = House::open().await;
    house.battle().await;
    let now = read(&house.picture("", PREVIEW).await);
    assert_eq!((now.0, now.1), (720, 1280));
    let (left, right, background) = (pixel(&now, 20, 300), pixel(&now, 700, 300), pixel(&now, 20, 20));
    assert!(left != right && left != background && right != background, "{left:?} {right:?} {background:?}");
    // The bar of the battle, blue and red.
    let (blue, red) = (pixel(&now, 2, 241), pixel(&now, 717, 241));
    assert!(blue[2] > 180 && blue[0] < 80 && red[0] > 180 && red[2] < 140, "{blue:?} {red:?}");
    assert_eq!(house.picture(&house.admin(), "/v1/lives/b/preview.png").await, house.picture("", PREVIEW).await);
    // Four hosts: the third one's tile lies where the left one's was.
    let four = read(&house.picture("", &format!("{PREVIEW}?hosts=4")).await);
    assert_ne!(pixel(&four, 20, 660), pixel(&four, 20, 630));
    assert_eq!(pixel(&four, 2, 241), background, "no bar for four");
    let voice = read(&house.picture("", &format!("{PREVIEW}?template=hostVoiceConnection")).await);
    assert_eq!(house.picture("", &format!("{PREVIEW}?template=2")).await.len(), {
        house.picture("", &format!("{PREVIEW}?template=hostVoiceConnection")).await.len()
    });
    assert_ne!(voice.2, now.2);
    let layout = house.json("", "GET", "/v1/lives/a/layout", &Value::Null).await.expect(200);
    assert_eq!(layout["templateId"], 600, "nothing was chosen");
}

/// For designers: every template, with as many made-up hosts as it has places, and with one.
#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_every_template_with_made_up_hosts() {
    let house = House::open().await;
    house.live("a", "alice").await;
    for (template, most, size) in [
        (600, 9, (720, 1280)),
        (601, 7, (720, 1280)),
        (2, 9, (720, 1280)),
        (1, 12, (720, 1280)),
        (400, 2, (1280, 720)),
        (800, 9, (720, 1280)),
        (801, 7, (720, 1280)),
        (200, 4, (1280, 720)),
        (70, 50, (720, 1280)),
        (50, 50, (720, 1280)),
    ] {
        let [one, all] = [1, most].map(|hosts| format!("{PREVIEW}?template={template}&hosts={hosts}"));
        let [one, all] = [read(&house.picture("", &one).await), read(&house.picture("", &all).await)];
        assert_eq!(((one.0, one.1), (all.0, all.1)), (size, size), "{template}");
        assert_ne!(one.2, all.2, "{template}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_that_cannot_be_drawn_is_refused_by_the_field() {
    let house = House::open().await;
    house.live("a", "alice").await;
    for (query, names) in [
        ("hosts=0", "hosts"),
        ("hosts=10", "hosts"),
        ("hosts=many", "hosts"),
        ("hosts=-1", "hosts"),
        ("template=grid", "template"),
        ("template=99", "template"),
        ("places=3", "places"),
    ] {
        let refused = house.json("", "GET", &format!("{PREVIEW}?{query}"), &Value::Null).await;
        let refused = refused.problem(400, "bad-request");
        assert!(refused["detail"].as_str().unwrap().contains(names), "{query}: {refused}");
    }
    house.json("", "GET", "/v1/lives/x/preview.png", &Value::Null).await.problem(404, "live-not-found");
}

/// For designers: regions of one's own with somebody in each, chosen or not yet.
#[tokio::test(flavor = "multi_thread")]
async fn regions_of_ones_own_are_drawn_with_made_up_hosts_before_and_after_they_are_chosen() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let region = |y: u64, seat: u64| json!({"x": 60, "y": y, "w": 600, "h": 400, "cornerRadius": 20, "source": {"liveId": "a", "seatIndex": seat}});
    let mut body = json!({"regions": [region(100, 0), region(700, 3)]});
    let (upper, lower, beside) = ((80, 300), (80, 900), (20, 300));
    let seen = |file: &[u8]| {
        let picture = read(file);
        assert_eq!((picture.0, picture.1), (720, 1280));
        let empty = pixel(&picture, beside.0, beside.1);
        [upper, lower].map(|(x, y)| pixel(&picture, x, y) != empty)
    };
    let (alice, before) = (house.host("alice", "a"), house.everything().await);
    assert_eq!(seen(&house.drawn(&alice, "/v1/layouts/preview.png", &body).await), [true, true]);
    let mut for_a = body.clone();
    for_a["liveId"] = json!("a");
    assert_eq!(seen(&house.drawn(&alice, "/v1/layouts/preview.png", &for_a).await), [true, true]);
    assert_eq!(house.everything().await, before, "nothing has changed");
    house.json(&alice, "PUT", "/v1/lives/a/layout", &body).await.expect(200);
    assert_eq!(seen(&house.picture("", PREVIEW).await), [true, false], "nobody is on seat 3");
    assert_eq!(seen(&house.picture("", &format!("{PREVIEW}?hosts=1")).await), [true, false]);
    assert_eq!(seen(&house.picture("", &format!("{PREVIEW}?hosts=2")).await), [true, true]);
    let beyond = house.json("", "GET", &format!("{PREVIEW}?hosts=3"), &Value::Null).await.problem(400, "bad-request");
    assert_eq!(beyond["detail"], "hosts: 1 to 2 with these regions, found 3");
    body["layoutTemplate"] = json!(600);
    house.json(&alice, "POST", "/v1/layouts/preview.png", &body).await.problem(400, "bad-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_watch_sees_no_preview() {
    let house = House::open().await;
    let hidden = json!({"liveId": "a", "owner": {"userId": "alice"}, "isPublicVisible": false});
    house.json(&house.admin(), "POST", "/v1/lives", &hidden).await.expect(201);
    house.json("", "GET", PREVIEW, &Value::Null).await.problem(401, "unauthorized");
    let other = house.token(Role::Audience, "u", "b");
    house.json(&other, "GET", PREVIEW, &Value::Null).await.problem(403, "forbidden");
    let named = house.token(Role::Audience, "u", "a");
    assert_eq!(house.json(&named, "GET", PREVIEW, &Value::Null).await.status, StatusCode::OK);
    let address = format!("{PREVIEW}?token={named}&hosts=2");
    assert_eq!(house.json("", "GET", &address, &Value::Null).await.status, StatusCode::OK);
}
