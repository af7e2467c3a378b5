//! One server per test, put together from the real parts on free ports of loopback.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use costage::api::auth::{Claims, Keys, Quotas, Rates, Role, Verifying};
use costage::api::{self, ApiState, Drawing, Going, Settings, Sockets, Stage, ViewerTokens};
use costage::engine::trace::{Sample, Samples};
use costage::engine::{
    self, Books, Clock, ControlConfig, ControlThread, Engine, MixConfig, Signalling, StoreId, control,
};
use costage::live::command::MediaState;
use costage::live::{LiveId, Rules, Seed, UserId};
use costage::peer::{self, PeerConfig, Receiver};
use costage::store::{MemoryOutbox, Telling};
use costage_media::kernel::Kernels;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OnceCell, oneshot};
use tokio::time::timeout;

use super::contract::{Contract, Exchange};

pub(crate) const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

/// Event sockets that these servers have places for, one of them for hosts and admins.
pub(crate) const SOCKETS_MAX: usize = 8;

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall_ms(&self) -> u64 {
        u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
    }
}

struct NoSamples;

impl Samples for NoSamples {
    fn frame(&self, _: &Sample) {}
}

/// Longer than any wait of the server, shorter than a hung build.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// HTTP connections that these servers take at once.
pub(crate) const CONNECTIONS_MAX: usize = 16;

/// Requests a second that these servers take of one token that is not an admin's.
pub(crate) const CLIENT_REQUESTS: u32 = 50;

/// The document that these servers serve; it is the same for all.
static CONTRACT: OnceCell<Contract> = OnceCell::const_new();

/// Reads the document over a listener of its own, so that it takes no place of the server's.
async fn fetch_contract(router: api::Router) -> Contract {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/openapi.json", listener.local_addr().unwrap());
    let fetched = async { reqwest::get(url).await.unwrap().json().await.unwrap() };
    tokio::select! {
        () = api::serve(listener, router, 1, std::future::pending()) => panic!("it serves until it is dropped"),
        document = fetched => Contract::new(document),
    }
}

/// A running server.
pub(crate) struct House {
    pub(crate) state: ApiState,
    pub(crate) address: String,
    http: reqwest::Client,
    control: Option<ControlThread>,
    _receiver: Receiver,
    _engine: Engine,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    /// A server whose settings are changed first.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::built(Rules::default(), change).await
    }

    /// A server with other rules.
    pub(crate) async fn with_rules(rules: Rules) -> Self {
        Self::built(rules, |_| {}).await
    }

    async fn built(rules: Rules, change: impl FnOnce(&mut Settings)) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let mix = MixConfig { kernels: Kernels::pick(None), max_fps: 30, bitrate_bps: 1_000_000 };
        let threads = engine::Config { shards: 1, mixers: 1, mix, seed: 7 };
        let samples: Arc<dyn Samples> = Arc::new(NoSamples);
        let engine = Engine::start(&threads, &clock, &samples).unwrap();
        let director = engine.director();
        let peer_config = PeerConfig { port: 0, loopback: true, sessions_max: 3, ..PeerConfig::default() };
        let (sessions, receiver) = peer::start(&peer_config, Arc::clone(&clock), Arc::new(director.clone())).unwrap();
        let config = ControlConfig { rules, seed: Seed::repeatable(11), snapshot: None };
        let journal = Box::new(Telling(MemoryOutbox::new(StoreId([0; 16]))));
        let (control, thread) =
            control::spawn(Arc::clone(&clock), config, journal, Box::new(director.clone())).unwrap();
        director.set_control(&control);
        let mut settings = Settings {
            viewer_tokens: ViewerTokens::Optional,
            allowed_origins: vec!["*".to_owned()],
            ice_server_links: Vec::new(),
            dev: false,
            version: "test".to_owned(),
        };
        change(&mut settings);
        let signalling: Arc<dyn Signalling> = sessions;
        let state = ApiState {
            control,
            signalling,
            keys: Arc::new(Keys::new(vec![("k1".to_owned(), Verifying::Hs256(SECRET.to_vec()))], None).unwrap()),
            settings: Arc::new(settings),
            figures: None,
            clock,
            attempts: Arc::default(),
            quotas: Arc::new(Quotas::new(Rates { client: CLIENT_REQUESTS, admin: 10_000 })),
            going: Going::default(),
            sockets: Sockets::new(SOCKETS_MAX),
            viewers: engine.viewers(),
            pictures: Arc::new(director.clone()),
            drawing: Drawing::default(),
            books: Arc::new(Books::in_memory()),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (router, going) = (api::router(state.clone()), state.going.clone());
        CONTRACT.get_or_init(|| fetch_contract(router.clone())).await;
        tokio::spawn(async move {
            api::serve(listener, router, CONNECTIONS_MAX, going.reached(Stage::Closing)).await;
        });
        let http = reqwest::Client::new();
        Self { state, address, http, control: Some(thread), _receiver: receiver, _engine: engine }
    }

    /// A token good for a minute.
    pub(crate) fn token(&self, role: Role, user: &str, live: &str) -> String {
        let exp = self.state.clock.wall_ms() / 1000 + 60;
        let claims = Claims { sub: user.into(), name: None, role, live: live.into(), exp, nbf: None, aud: None };
        self.state.keys.mint(&claims).unwrap()
    }

    pub(crate) fn admin(&self) -> String {
        self.token(Role::Admin, "backend", "*")
    }

    pub(crate) fn host(&self, user: &str, live: &str) -> String {
        self.token(Role::Host, user, live)
    }

    /// The document that the server serves.
    pub(crate) fn contract(&self) -> &'static Contract {
        CONTRACT.get().expect("read when the first server was opened")
    }

    /// Any request. The answer is as the document says.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let exchange = self.exchange(method, path, headers, body).await;
        assert_eq!(self.contract().faults(&exchange), [""; 0], "not as /openapi.json says");
        Reply { status: exchange.status, headers: exchange.headers, body: exchange.body.unwrap_or_default() }
    }

    /// Any request and its answer, not held against the document.
    pub(crate) async fn exchange(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Exchange {
        self.exchange_bytes(method, path, headers, body.as_bytes()).await
    }

    /// The same with a body that need not be text.
    async fn exchange_bytes(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Exchange {
        let verb: Method = method.parse().unwrap();
        let mut request = self.http.request(verb, format!("http://{}{path}", self.address)).body(body.to_vec());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let sent_headers = headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned()));
        Exchange {
            method: method.to_owned(),
            path: path.to_owned(),
            sent_headers: sent_headers.collect(),
            sent: String::from_utf8_lossy(body).into_owned(),
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: Some(response.text().await.unwrap()),
        }
    }

    /// Bytes on a connection of their own, and all that is answered until the server hangs up.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let said = said(&mut self.dial(request).await).await;
        if let Some(exchange) = Exchange::from_bytes(request, &said) {
            assert_eq!(self.contract().faults(&exchange), [""; 0], "not as /openapi.json says");
        }
        said
    }

    /// A connection on which these bytes were sent.
    pub(crate) async fn dial(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// A JSON request with a token ("" for none).
    pub(crate) async fn json(&self, token: &str, method: &str, path: &str, body: &Value) -> Reply {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("content-type", "application/json")];
        if !token.is_empty() {
            headers.push(("authorization", &bearer));
        }
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, &headers, &body).await
    }

    /// A picture with a token ("" for none). The answer is as the document says.
    pub(crate) async fn photo(&self, token: &str, path: &str, media_type: &str, photo: &[u8]) -> Reply {
        let bearer = format!("Bearer {token}");
        let headers = [("content-type", media_type), ("authorization", &*bearer)];
        let headers = &headers[..if token.is_empty() { 1 } else { 2 }];
        let exchange = self.exchange_bytes("PUT", path, headers, photo).await;
        assert_eq!(self.contract().faults(&exchange), [""; 0], "not as /openapi.json says");
        Reply { status: exchange.status, headers: exchange.headers, body: exchange.body.unwrap_or_default() }
    }

    /// The picture at this address, as it is.
    pub(crate) async fn picture(&self, token: &str, path: &str) -> Vec<u8> {
        let request = self.http.get(format!("http://{}{path}", self.address)).bearer_auth(token);
        let response = request.send().await.unwrap().error_for_status().unwrap();
        assert_eq!(response.headers()["content-type"], "image/png");
        response.bytes().await.unwrap().to_vec()
    }

    /// The picture that is drawn of this body.
    pub(crate) async fn drawn(&self, token: &str, path: &str, body: &Value) -> Vec<u8> {
        let request = self.http.post(format!("http://{}{path}", self.address)).bearer_auth(token);
        let request = request.header("content-type", "application/json").body(body.to_string());
        let response = request.send().await.unwrap().error_for_status().unwrap();
        assert_eq!(response.headers()["content-type"], "image/png");
        response.bytes().await.unwrap().to_vec()
    }

    /// An SDP request with a token ("" for none).
    pub(crate) async fn sdp(&self, token: &str, path: &str, offer: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("content-type", "application/sdp")];
        if !token.is_empty() {
            headers.push(("authorization", &bearer));
        }
        self.send("POST", path, &headers, offer).await
    }

    /// Creates a public live.
    pub(crate) async fn live(&self, live: &str, owner: &str) -> Value {
        let body = json!({"liveId": live, "owner": {"userId": owner, "userName": owner}});
        self.json(&self.admin(), "POST", "/v1/lives", &body).await.expect(201)
    }

    /// Tells control that the host's media flows, as its session would.
    pub(crate) async fn on_air(&self, live: &str, owner: &str) {
        let (reply, publish) = oneshot::channel();
        let (live, owner) = (LiveId::new(live).unwrap(), UserId::new(owner).unwrap());
        self.state.control.publish(live, owner, Box::new(move |publish| reply.send(publish).unwrap()));
        self.state.control.host_media(publish.await.unwrap().unwrap().source, MediaState::Up);
    }

    /// Connects the lives `a` (of alice) and `b` (of bob) and starts a battle; its id.
    pub(crate) async fn battle(&self) -> String {
        self.live("a", "alice").await;
        self.live("b", "bob").await;
        self.on_air("a", "alice").await;
        self.on_air("b", "bob").await;
        let (admin, empty) = (self.admin(), json!({}));
        let request = json!({"targetLiveIds": ["b"], "layoutTemplate": "hostDynamicGrid"});
        self.json(&admin, "POST", "/v1/lives/a/co-host/requests", &request).await.expect(200);
        self.json(&admin, "POST", "/v1/lives/b/co-host/requests/a/accept", &empty).await.expect(200);
        let wish = json!({"userIds": ["bob"], "needResponse": false, "timeoutSeconds": 0});
        let battle = self.json(&admin, "POST", "/v1/lives/a/battles", &wish).await.expect(201);
        battle["battleId"].as_str().unwrap().to_owned()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.state.going.to(Stage::Closing);
        if let Some(control) = self.control.take() {
            control.stop();
        }
    }
}

impl Reply {
    /// The JSON body (null without one), when the status is the expected one.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        if self.body.is_empty() { Value::Null } else { serde_json::from_str(&self.body).unwrap() }
    }

    /// Expects a problem document of this status and type.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, slug: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["type"], format!("urn:costage:{slug}"), "{problem}");
        assert_eq!(problem["status"], status);
        assert!(
            problem["code"].is_u64() && problem["detail"].as_str().is_some_and(|text| !text.is_empty()),
            "{problem}"
        );
        problem
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// All that the server says until it hangs up.
pub(crate) async fn said(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("the server hangs up in time");
    drop(read); // a reset ends it as well
    String::from_utf8(said).unwrap()
}

/// What a browser offers, cut to what matters: one kind a section, bundled.
pub(crate) fn offer(direction: &str) -> String {
    let fingerprint = ["AB"; 32].join(":");
    let common = format!(
        "c=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 {fingerprint}\r\n\
         a=setup:actpass\r\na=rtcp-mux\r\na={direction}\r\n"
    );
    let track = |ssrc: u32| match direction {
        "sendonly" => format!("a=msid:stream track{ssrc}\r\na=ssrc:{ssrc} cname:c\r\n"),
        _ => String::new(),
    };
    format!(
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n{common}a=mid:0\r\na=rtpmap:111 opus/48000/2\r\n\
         a=fmtp:111 minptime=10;useinbandfec=1\r\n{}\
         m=video 9 UDP/TLS/RTP/SAVPF 102\r\n{common}a=mid:1\r\na=rtpmap:102 H264/90000\r\n\
         a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n\
         a=rtcp-fb:102 nack\r\na=rtcp-fb:102 nack pli\r\n{}",
        track(11),
        track(22)
    )
}
