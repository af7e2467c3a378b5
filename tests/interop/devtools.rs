//! The DevTools protocol, as much of it as the tests need: one WebSocket to the browser, commands answered by id,
//! events kept. <https://chromedevtools.github.io/devtools-protocol/>

use std::cell::RefCell;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

/// A browser that answers nothing for so long is gone. Longer than any wait inside a page.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// The connection to one browser; pages are sessions on it.
pub(crate) struct DevTools {
    socket: RefCell<Socket>,
}

struct Socket {
    stream: WebSocket<TcpStream>,
    next_id: u64,
    events: Vec<Value>,
}

impl DevTools {
    /// `url` as the browser prints it: `ws://127.0.0.1:PORT/devtools/browser/ID`.
    pub(crate) fn connect(url: &str) -> Self {
        let address = url.trim_start_matches("ws://").split('/').next().expect("split yields at least one part");
        let stream = TcpStream::connect(address).expect("the browser listens where it says");
        stream.set_read_timeout(Some(SILENCE_MAX)).expect("a read timeout that is not zero");
        stream.set_nodelay(true).expect("a connected socket");
        let (stream, _) = client(url, stream).expect("the browser speaks WebSocket");
        Self { socket: RefCell::new(Socket { stream, next_id: 1, events: Vec::new() }) }
    }

    /// One command, in a page's session or the browser's own. Panics with the browser's words when it refuses.
    pub(crate) fn call(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        let mut socket = self.socket.borrow_mut();
        let id = socket.next_id;
        socket.next_id += 1;
        let mut command = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            command["sessionId"] = json!(session);
        }
        socket.stream.send(Message::text(command.to_string())).expect("the browser takes commands");
        loop {
            let message =
                socket.stream.read().unwrap_or_else(|error| panic!("{method}: the browser is silent: {error}"));
            let Message::Text(text) = message else { continue };
            let mut answer: Value = serde_json::from_str(&text).expect("the browser speaks JSON");
            if answer["id"] == json!(id) {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].take();
            }
            if answer["method"].is_string() {
                socket.events.push(answer);
            }
        }
    }

    /// Events of one session so far, in order.
    pub(crate) fn events(&self, session: &str) -> Vec<Value> {
        self.socket.borrow().events.iter().filter(|event| event["sessionId"] == json!(session)).cloned().collect()
    }
}
