//! Whole ways of avatars: from a scene over real HTTP on loopback to the picture that is drawn.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use costage_media::frame::Size;
use costage_media::kernel::{Kernels, Level};
use costage_media::scene::{Battle, Scene, SourceId, Template, Tile};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::engine::trace::{Sample, Samples};
use crate::engine::{Clock, Config, Director, Engine, MixConfig, Pictures, Stagehand};
use crate::live::StageId;
use crate::outgoing::SystemResolver;

struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall_ms(&self) -> u64 {
        0
    }
}

struct NoSamples;

impl Samples for NoSamples {
    fn frame(&self, _: &Sample) {}
}

/// The engine's wall, and what became of each address.
struct Watched(Director, mpsc::UnboundedSender<(String, Result<(), String>)>);

impl Fetched for Watched {
    fn found(&self, url: &str, kind: PhotoKind, bytes: &[u8]) -> Result<(), AvatarRefused> {
        let found = self.0.found(url, kind, bytes);
        if found.is_ok() {
            self.1.send((url.to_owned(), Ok(()))).unwrap();
        }
        found
    }

    fn missed(&self, url: &str) -> bool {
        let news = self.0.missed(url);
        self.1.send((url.to_owned(), Err(format!("news: {news}")))).unwrap();
        news
    }
}

/// An engine with a fetcher that may reach this machine.
struct House {
    engine: Engine,
    fetcher: Fetcher,
    ended: mpsc::UnboundedReceiver<(String, Result<(), String>)>,
}

impl House {
    fn new(within: Duration) -> Self {
        let mix = MixConfig { kernels: Kernels::new(Level::Scalar), max_fps: 30, bitrate_bps: 1_000_000 };
        let config = Config { shards: 1, mixers: 1, mix, seed: 1 };
        let clock: Arc<dyn Clock> = Arc::new(RealClock);
        let engine = Engine::start(&config, &clock, &(Arc::new(NoSamples) as Arc<dyn Samples>)).unwrap();
        let (told, ended) = mpsc::unbounded_channel();
        let allowed = vec!["127.0.0.1".parse().unwrap()];
        let getter = move || Getter::new(Arc::new(SystemResolver), allowed, Bounds { within, ..FETCH_BOUNDS });
        let fetcher = Fetcher::start(getter, Arc::new(Watched(engine.director(), told)));
        engine.director().set_fetcher(Arc::new(fetcher.queue()), clock);
        Self { engine, fetcher, ended }
    }

    /// A picture that shows the avatars at these addresses begins.
    fn shows(&self, urls: &[&str]) {
        self.engine.director().stage(StageId(1), scene(urls));
    }

    /// The colour of the disc in the middle of the picture of one host with this avatar: R, G, B.
    fn disc(&self, url: &str) -> [u8; 3] {
        let file = self.engine.director().preview(Instant::now(), scene(&[url])).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        // Beside where initials would be; the disc is 40 % of the canvas wide.
        let (x, y) = (info.width as usize / 2 - info.width as usize / 6, info.height as usize / 2);
        let at = (y * info.width as usize + x) * 3;
        pixels[at..at + 3].try_into().unwrap()
    }

    /// What became of one address.
    async fn ended(&mut self) -> (String, Result<(), String>) {
        tokio::time::timeout(Duration::from_secs(30), self.ended.recv()).await.expect("it ends").unwrap()
    }
}

fn scene(urls: &[&str]) -> Scene {
    let tile = |(source, url): (u32, &&str)| Tile {
        source: SourceId(source),
        user: format!("user{source}"),
        avatar_url: (*url).to_owned(),
        ..Tile::default()
    };
    Scene {
        canvas: Size { width: 180, height: 320 },
        template: Template::HostDynamicGrid,
        tiles: (0..).zip(urls).map(tile).collect(),
        voices: Vec::new(),
        cells: Vec::new(),
        battle: Battle::default(),
        names: false,
        sei: None,
    }
}

/// A server that answers with these bytes after a status line; how many it has answered, and how many it does at most at once.
struct Server {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    at_once: Arc<AtomicUsize>,
}

impl Server {
    async fn of(body: Vec<u8>, pause: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked, at_once) = (listener.local_addr().unwrap(), Arc::default(), Arc::default());
        let (count, most): (Arc<AtomicUsize>, Arc<AtomicUsize>) = (Arc::clone(&asked), Arc::clone(&at_once));
        let now = Arc::new(AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let (body, now) = (body.clone(), Arc::clone(&now));
                tokio::spawn(async move {
                    let mut request = [0; 4_096];
                    drop(stream.read(&mut request).await);
                    tokio::time::sleep(pause).await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    drop(stream.write_all(&[b"HTTP/1.1 200 OK\r\n\r\n", &body[..]].concat()).await);
                });
            }
        });
        Self { address, asked, at_once }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }
}

fn file(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let pixels = colour.repeat((width * height) as usize);
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels)).unwrap();
    file
}

/// A picture of four pixels that says something else in its head, with the checksum of that.
fn bomb(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut file = file(2, 2, [9; 3]);
    change(&mut file);
    let crc = file[12..29].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1)))
    });
    file[29..33].copy_from_slice(&(!crc).to_be_bytes());
    file
}

fn animated() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 2, 2);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[0; 4]).unwrap();
    writer.write_image_data(&[255; 4]).unwrap();
    writer.finish().unwrap();
    file
}

const RED: [u8; 3] = [255, 0, 0];

fn is_red([red, green, blue]: [u8; 3]) -> bool {
    red > 200 && green < 60 && blue < 60
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_avatar_of_a_picture_that_begins_is_fetched_once_and_drawn() {
    let mut house = House::new(FETCH_BOUNDS.within);
    let server = Server::of(file(40, 30, RED), Duration::ZERO).await;
    let url = server.url("a.png?secret=1");
    assert!(!is_red(house.disc(&url)), "initials, and a preview alone asks for nothing");
    house.shows(&[&url, &url]);
    assert_eq!(house.ended().await, (url.clone(), Ok(())));
    assert!(is_red(house.disc(&url)), "{:?}", house.disc(&url));
    house.shows(&[&url]);
    let other = server.url("b.png");
    house.shows(&[&url, &other]);
    assert_eq!(house.ended().await, (other, Ok(())), "another address is another picture");
    assert_eq!(server.asked.load(Ordering::SeqCst), 2);
    assert_eq!(house.engine.fallen(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_small_still_picture_is_refused_once_and_the_initials_stay() {
    let mut house = House::new(FETCH_BOUNDS.within);
    let sides = |side: u32| move |file: &mut Vec<u8>| file[16..24].copy_from_slice(&[side.to_be_bytes(); 2].concat());
    let bodies = [
        ("svg", b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>".to_vec()),
        ("gif", b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;".to_vec()),
        ("html", b"<!doctype html><title>not found</title>".to_vec()),
        ("empty", Vec::new()),
        ("50000x50000", bomb(sides(50_000))),
        ("4097x4097", bomb(sides(4_097))),
        ("animated", animated()),
        ("cut", file(64, 64, RED)[..60].to_vec()),
        ("long", [file(2, 2, RED), vec![0; 4 << 20]].concat()),
    ];
    for (what, body) in bodies {
        let server = Server::of(body, Duration::ZERO).await;
        let url = server.url(what);
        let initials = house.disc(&url);
        house.shows(&[&url]);
        assert_eq!(house.ended().await, (url.clone(), Err("news: true".to_owned())), "{what}");
        house.shows(&[]);
        house.shows(&[&url]);
        assert_eq!(house.disc(&url), initials, "{what}");
        assert_eq!(server.asked.load(Ordering::SeqCst), 1, "{what}: not again at once");
    }
    assert_eq!(house.engine.fallen(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_are_none_or_lead_inside_are_refused_without_a_connection() {
    let mut house = House::new(FETCH_BOUNDS.within);
    let server = Server::of(file(40, 30, RED), Duration::ZERO).await;
    let port = server.address.port();
    for url in ["g.png".to_owned(), format!("http://localhost:{port}/"), format!("http://[::ffff:127.0.0.1]:{port}/")] {
        house.shows(&[&url]);
        assert_eq!(house.ended().await, (url, Err("news: true".to_owned())));
    }
    assert_eq!(server.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_addresses_is_fetched_few_at_a_time_and_what_is_too_much_is_forgotten() {
    let mut house = House::new(Duration::from_millis(200));
    // Nobody is answered in time.
    let server = Server::of(file(40, 30, RED), Duration::from_secs(600)).await;
    let queue = house.fetcher.queue();
    let wanted = |number: usize| Wanted { user: "u".to_owned(), url: server.url(&number.to_string()) };
    let taken = (0..1_000).filter(|number| queue.fetch(wanted(*number))).count();
    assert!((QUEUE_MAX..=QUEUE_MAX + FETCHES_MAX + 1).contains(&taken), "{taken}");
    for _ in 0..2 * FETCHES_MAX {
        assert!(house.ended().await.1.is_err());
    }
    // The server itself forgets nobody: those that were left are not counted off.
    let asked = server.asked.load(Ordering::SeqCst);
    assert!((2 * FETCHES_MAX..=4 * FETCHES_MAX).contains(&asked), "{asked}");
    assert!(server.at_once.load(Ordering::SeqCst) >= FETCHES_MAX);
}

#[test]
fn each_reason_is_counted_as_a_refusal_or_as_bad_luck() {
    let slow = Missed::Get(GetFault::TooSlow(FETCH_BOUNDS.within));
    assert_eq!((slow.word(), slow.to_string().as_str()), ("failed", "it was not there within 5 s"));
    assert_eq!(Missed::Get(GetFault::Redirect(302)).word(), "refused");
    assert_eq!(Missed::Kind.word(), "refused");
    assert_eq!((FETCH_BOUNDS.bytes_max, FETCH_BOUNDS.within), (4_194_304, Duration::from_secs(5)));
}
