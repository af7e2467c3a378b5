//! One shard for tests: a thread that drives sessions as the engine would.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use costage::engine::{Clock, Datagram, Peer, PeerEvent, Role, SessionKey, Shards};
use costage::peer::{PeerConfig, Receiver, Sessions};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall_ms(&self) -> u64 {
        0
    }
}

type Drive = Box<dyn FnOnce(Instant, &mut dyn Peer) + Send>;

enum Message {
    Adopt(SessionKey, Box<dyn Peer>),
    Deliver(SessionKey, Datagram),
    Drive(SessionKey, Drive),
}

struct Shard(Mutex<Sender<Message>>);

impl Shard {
    fn send(&self, message: Message) {
        // A test that is over has dropped the thread.
        let _ = self.0.lock().unwrap().send(message);
    }
}

impl Shards for Shard {
    fn adopt(&self, key: SessionKey, _role: Role, peer: Box<dyn Peer>) {
        self.send(Message::Adopt(key, peer));
    }

    fn deliver(&self, key: SessionKey, datagram: Datagram) {
        self.send(Message::Deliver(key, datagram));
    }

    fn close(&self, key: SessionKey) {
        self.send(Message::Drive(key, Box::new(|now, peer| peer.close(now))));
    }
}

/// A whole media server without media.
pub(crate) struct Server {
    pub(crate) sessions: Arc<Sessions>,
    shard: Arc<Shard>,
    events: tokio::sync::Mutex<tokio::sync::mpsc::UnboundedReceiver<PeerEvent>>,
    nacks: Arc<Mutex<Vec<Vec<u16>>>>,
    _receiver: Receiver,
}

impl Server {
    pub(crate) fn start() -> Self {
        let (sender, inbox) = mpsc::channel();
        let (events_in, events) = tokio::sync::mpsc::unbounded_channel();
        let nacks: Arc<Mutex<Vec<Vec<u16>>>> = Arc::default();
        let nacks_in = Arc::clone(&nacks);
        std::thread::spawn(move || {
            let mut peers: BTreeMap<SessionKey, Box<dyn Peer>> = BTreeMap::new();
            loop {
                let wake = peers.values().filter_map(|peer| peer.poll_timeout()).min();
                let wait = wake.map_or(PATIENCE, |wake| wake.saturating_duration_since(Instant::now()));
                let message = inbox.recv_timeout(wait);
                let now = Instant::now();
                match message {
                    Ok(Message::Adopt(key, peer)) => drop(peers.insert(key, peer)),
                    Ok(Message::Deliver(key, datagram)) => {
                        if let Some(peer) = peers.get_mut(&key) {
                            peer.handle_datagram(now, datagram);
                        }
                    }
                    Ok(Message::Drive(key, drive)) => {
                        if let Some(peer) = peers.get_mut(&key) {
                            drive(now, peer.as_mut());
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
                let mut gone = Vec::new();
                for (key, peer) in &mut peers {
                    peer.handle_timeout(now);
                    while let Some(event) = peer.poll_event() {
                        if let PeerEvent::Nack { seqs, .. } = &event {
                            nacks_in.lock().unwrap().push(seqs.clone());
                        }
                        if matches!(event, PeerEvent::Closed { .. }) {
                            gone.push((*key, event));
                            break;
                        }
                        let _ = events_in.send(event);
                    }
                }
                for (key, event) in gone {
                    peers.remove(&key);
                    let _ = events_in.send(event);
                }
            }
        });
        let shard = Arc::new(Shard(Mutex::new(sender)));
        let config = PeerConfig { port: 0, bind: Some([127, 0, 0, 1].into()), loopback: true, ..PeerConfig::default() };
        let shards = Arc::clone(&shard) as Arc<dyn Shards>;
        let (sessions, receiver) = costage::peer::start(&config, Arc::new(SystemClock), shards).unwrap();
        Self { sessions, shard, events: tokio::sync::Mutex::new(events), nacks, _receiver: receiver }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.sessions.candidates()[0]
    }

    pub(crate) fn drive(&self, key: SessionKey, drive: impl FnOnce(Instant, &mut dyn Peer) + Send + 'static) {
        self.shard.send(Message::Drive(key, Box::new(drive)));
    }

    pub(crate) fn take_nacks(&self) -> Vec<Vec<u16>> {
        std::mem::take(&mut *self.nacks.lock().unwrap())
    }

    /// The next event that `wanted` takes; those before are dropped.
    pub(crate) async fn wait<T>(&self, wanted: impl Fn(PeerEvent) -> Option<T>) -> T {
        let mut events = self.events.lock().await;
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                let event = events.recv().await.expect("the shard lives");
                if let Some(found) = wanted(event) {
                    return found;
                }
            }
        });
        found.await.expect("the event comes in time")
    }
}
