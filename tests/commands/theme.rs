//! A theme of the configuration, in what a server draws.

use std::fs;

use crate::server::{Server, costage};

/// Of a picture's rows the pixel there.
fn pixel(png: &[u8], x: u32, y: u32) -> [u8; 3] {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    let at = usize::try_from((y * info.width + x) * 3).unwrap();
    rgb[at..at + 3].try_into().unwrap()
}

/// A preview of two hosts beside each other, 720 by 1280, by a server with this theme.
fn preview(name: &str, theme: &str) -> Vec<u8> {
    let config = std::env::temp_dir().join(format!("costage-theme-{}-{name}.toml", std::process::id()));
    fs::write(&config, theme).unwrap();
    let server = Server::start(&["serve", "--dev", "--config", config.to_str().unwrap()]);
    fs::remove_file(&config).unwrap();
    let created = server.ask("POST", "/v1/lives", "application/json", "{\"liveId\":\"a\"}");
    assert!(created.starts_with("HTTP/1.1 201"), "{created}");
    let answer = server.ask_bytes("GET", "/v1/lives/a/preview.png?template=600&hosts=2", "application/json", "");
    let begin = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    answer[begin..].to_vec()
}

/// As an encoder and a decoder leave it.
#[track_caller]
fn assert_near(found: [u8; 3], wanted: [u8; 3]) {
    let apart = found.iter().zip(wanted).map(|(found, wanted)| found.abs_diff(wanted)).max();
    assert!(apart <= Some(3), "{found:?} instead of {wanted:?}");
}

/// Outside of all tiles.
const OUTSIDE: (u32, u32) = (360, 1_200);

#[test]
fn colours_and_a_background_of_the_configuration_are_in_the_picture() {
    let at = |png: &[u8]| pixel(png, OUTSIDE.0, OUTSIDE.1);
    let (plain, blue) = (preview("plain", ""), preview("blue", "[theme]\nbackground = \"#204060\"\n"));
    assert_near(at(&plain), [0x12, 0x13, 0x16]);
    assert_near(at(&blue), [0x20, 0x40, 0x60]);
    let image = std::env::temp_dir().join(format!("costage-theme-{}.png", std::process::id()));
    let mut encoder = png::Encoder::new(fs::File::create(&image).unwrap(), 2, 2);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&[30, 120, 60].repeat(4)).unwrap();
    let theme = format!("[theme]\nbackground_image = {:?}\n", image.to_str().unwrap());
    let green = preview("green", &theme);
    fs::remove_file(&image).unwrap();
    assert_near(at(&green), [30, 120, 60]);
    assert_ne!(pixel(&plain, 10, 400), at(&plain), "a tile");
}

#[test]
fn a_theme_that_cannot_be_is_refused_with_the_setting() {
    for (theme, words) in [
        ("[theme]\nbackground = \"blue\"\n", ["background = ", "#RRGGBB"]),
        ("[theme]\nbackground_image = \"/nowhere/a.png\"\n", ["theme.background_image", "/nowhere/a.png"]),
        ("[theme]\ncolour = \"#000000\"\n", ["colour", "background"]),
    ] {
        let config = std::env::temp_dir().join(format!("costage-theme-{}-bad.toml", std::process::id()));
        fs::write(&config, theme).unwrap();
        let output = costage(&["serve", "--dev", "--config", config.to_str().unwrap()]).output().unwrap();
        fs::remove_file(&config).unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && words.iter().all(|word| said.contains(word)), "{theme}: {said}");
    }
}
