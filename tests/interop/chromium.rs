//! A headless Chromium of the test's own, and its pages.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::devtools::DevTools;

/// Names under which distributions install it.
const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
/// From process start to its DevTools line, with a cold disk.
const START_MAX: Duration = Duration::from_secs(60);
const FLAGS: &[&str] = &[
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-sandbox", // containers give no user namespaces; only pages of our own are opened
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    // All pages count as seen, so that no timer of a publisher is slowed down.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-features=CalculateNativeWinOcclusion",
    "about:blank",
];

/// A browser; ends, with its profile, when dropped.
pub(crate) struct Browser {
    process: Child,
    profile: PathBuf,
    devtools: DevTools,
}

impl Browser {
    /// Starts one, with a new profile. Panics with the line to install when there is none.
    pub(crate) fn launch() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let profile = std::env::temp_dir().join(format!("costage-interop-{}-{number}", std::process::id()));
        let mut process = Command::new(executable())
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("chromium starts");
        let errors = process.stderr.take().expect("stderr is piped");
        let (found, url) = mpsc::channel();
        thread::spawn(move || {
            let mut lines = BufReader::new(errors);
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                if let Some(url) = line.trim().strip_prefix("DevTools listening on ") {
                    // The receiver may have given up; then nobody needs the address.
                    drop(found.send(url.to_owned()));
                    break;
                }
                line.clear();
            }
            // Keep reading: a browser with a full pipe stands still.
            drop(std::io::copy(&mut lines.by_ref(), &mut std::io::sink()));
        });
        let url = url.recv_timeout(START_MAX).expect("chromium says where DevTools listens");
        Self { process, profile, devtools: DevTools::connect(&url) }
    }

    /// Opens a page in a window of its own; `name` is its screenshot's.
    pub(crate) fn open(&self, name: &str, url: &str) -> Page<'_> {
        self.open_with(name, url, "")
    }

    /// The same, with a script that runs before any of the page's own.
    pub(crate) fn open_with(&self, name: &str, url: &str, script: &str) -> Page<'_> {
        let blank = json!({"url": "about:blank", "newWindow": true});
        let target = self.devtools.call(None, "Target.createTarget", blank);
        let target = target["targetId"].as_str().expect("a target has an id").to_owned();
        let attach = json!({"targetId": target, "flatten": true});
        let session = self.devtools.call(None, "Target.attachToTarget", attach);
        let session = session["sessionId"].as_str().expect("a session has an id").to_owned();
        let page = Page { browser: self, name: name.to_owned(), target, session };
        page.call("Runtime.enable", json!({}));
        page.call("Log.enable", json!({}));
        page.call("Page.enable", json!({}));
        page.resize(1280, 800);
        page.call("Page.addScriptToEvaluateOnNewDocument", json!({"source": script}));
        page.call("Page.navigate", json!({"url": url}));
        page
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Whatever is left of it goes; a test that fails here would hide why it failed before.
        drop(self.process.kill());
        drop(self.process.wait());
        drop(fs::remove_dir_all(&self.profile));
    }
}

fn executable() -> PathBuf {
    if let Some(given) = std::env::var_os("COSTAGE_CHROMIUM") {
        return PathBuf::from(given);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = NAMES.iter().flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)));
    // Asked for its version, since Ubuntu's chromium-browser is there and runs nothing until a snap is installed.
    let runs = |file: &PathBuf| Command::new(file).arg("--version").output().is_ok_and(|said| said.status.success());
    let found = found.into_iter().find(|file| file.is_file() && runs(file));
    found.expect("these tests need Chromium or Chrome: run .ci/setup.sh test, or set COSTAGE_CHROMIUM to its path")
}

/// One page. A panic while it is open leaves its picture in `target/tmp/interop/`.
pub(crate) struct Page<'a> {
    browser: &'a Browser,
    name: String,
    target: String,
    session: String,
}

impl Page<'_> {
    fn call(&self, method: &str, params: Value) -> Value {
        self.browser.devtools.call(Some(&self.session), method, params)
    }

    /// The value of an expression; promises are awaited. Panics when the page throws.
    pub(crate) fn evaluate(&self, expression: &str) -> Value {
        let params =
            json!({"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true});
        let mut answer = self.call("Runtime.evaluate", params);
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{}: `{expression}` threw {thrown}", self.name);
        answer["result"]["value"].take()
    }

    pub(crate) fn text(&self, expression: &str) -> String {
        self.evaluate(&format!("String({expression})")).as_str().expect("String() makes strings").to_owned()
    }

    /// The value of an expression as a number. Panics when it is none.
    pub(crate) fn number(&self, expression: &str) -> f64 {
        let value = self.evaluate(&format!("Number({expression})"));
        value.as_f64().unwrap_or_else(|| panic!("{}: `{expression}` is {value}, no number", self.name))
    }

    /// Waits, inside the page, until `condition` holds.
    pub(crate) fn wait_for(&self, condition: &str, patience: Duration) {
        let millis = patience.as_millis();
        let holds = self.evaluate(&format!(
            "new Promise((done) => {{
                const end = performance.now() + {millis};
                const look = () => {{
                    let holds = false;
                    try {{ holds = Boolean({condition}); }} catch {{ /* not there yet */ }}
                    if (holds || performance.now() > end) done(holds);
                    else setTimeout(look, 20);
                }};
                look();
            }})"
        ));
        if holds != json!(true) {
            let state = self.evaluate("document.body?.innerText ?? ''");
            panic!(
                "{}: `{condition}` did not come true in {patience:?}\n{}\n{:?}",
                self.name,
                state.as_str().unwrap_or(""),
                self.complaints()
            );
        }
    }

    /// Gives the page another viewport, in CSS pixels; below 500 it is a phone.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let phone = width < 500;
        let scale = if phone { 2 } else { 1 };
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone});
        self.call("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Writes `target/tmp/interop/NAME.png`.
    pub(crate) fn screenshot(&self) {
        let shot = self.call("Page.captureScreenshot", json!({"format": "png"}));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("interop");
        fs::create_dir_all(&folder).expect("the target folder is writable");
        let bytes = decode_base64(shot["data"].as_str().expect("a screenshot has data"));
        fs::write(folder.join(format!("{}.png", self.name)), bytes).expect("the target folder is writable");
    }

    /// Exceptions, and errors in the console, so far. Answers of 4xx that the page handles in words are not counted.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let errors = self.browser.devtools.events(&self.session).into_iter().filter_map(|event| {
            let params = &event["params"];
            match event["method"].as_str()? {
                "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
                "Runtime.consoleAPICalled" if params["type"] == "error" => Some(params["args"].to_string()),
                "Log.entryAdded" if params["entry"]["level"] == "error" && params["entry"]["source"] != "network" => {
                    Some(params["entry"]["text"].to_string())
                }
                _ => None,
            }
        });
        errors.collect()
    }

    /// Requests of the page that were answered 4xx or 5xx, or not at all, as its console shows them.
    pub(crate) fn failed_requests(&self) -> Vec<String> {
        let entries = self.browser.devtools.events(&self.session).into_iter().filter_map(|event| {
            let entry = &event["params"]["entry"];
            let failed = entry["level"] == "error" && entry["source"] == "network";
            failed.then(|| format!("{}: {}", entry["url"], entry["text"]))
        });
        entries.collect()
    }

    /// Closes the page as a user would: it gets its `pagehide`.
    pub(crate) fn close(self) {
        self.call("Page.close", json!({}));
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!(
                "{}: see {}.png in {}/interop; {:?}",
                self.target,
                self.name,
                env!("CARGO_TARGET_TMPDIR"),
                self.complaints()
            );
            self.screenshot();
        }
    }
}

/// RFC 4648 §4, for what the browser sends.
fn decode_base64(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let sextets: Vec<u32> = text.bytes().filter_map(value).collect();
    let group = |four: &[u32]| {
        let bits = four.iter().fold(0, |bits, sextet| bits << 6 | sextet) << (6 * (4 - four.len()));
        let [_, bytes @ ..] = bits.to_be_bytes();
        bytes.into_iter().take(four.len() - 1).collect::<Vec<u8>>()
    };
    sextets.chunks(4).flat_map(group).collect()
}

#[test]
fn base64_of_rfc_4648_is_decoded() {
    for (coded, plain) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")] {
        assert_eq!(decode_base64(coded), plain.as_bytes());
    }
}
