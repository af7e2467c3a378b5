//! The whole way from a host's packets to what viewers are told: session, shard, control.

use std::sync::Arc;
use std::time::{Duration, Instant};

use costage::engine::{Clock, ControlConfig, Engine, MixConfig, Role, Signalling, StoreId, control};
use costage::live::answer::{Answer, Publish};
use costage::live::command::{Command, NewLive, User};
use costage::live::{LiveId, Refusal, Rules, Seed, UserId};
use costage::peer::{self, PeerConfig};
use costage::store::{MemoryOutbox, Telling};
use costage_media::kernel::Kernels;
use tokio::sync::oneshot;

use super::client::{Client, Way};
use super::relay::Relay;
use super::shards::SystemClock;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

struct NoSamples;

impl costage::engine::trace::Samples for NoSamples {
    fn frame(&self, _: &costage::engine::trace::Sample) {}
}

async fn answer<T: Send + 'static>(call: impl FnOnce(costage::engine::Reply<T>)) -> Result<T, Refusal> {
    let (send, receive) = oneshot::channel();
    call(Box::new(move |outcome| drop(send.send(outcome))));
    receive.await.expect("every call is replied to")
}

/// Waits until viewers may watch, or may not; how long it took.
async fn watchable(control: &costage::engine::ControlHandle, wanted: bool) -> Duration {
    let start = Instant::now();
    loop {
        let live = LiveId::new("a").unwrap();
        let outcome = answer(|reply| control.watch(live, reply)).await;
        match &outcome {
            Ok(_) => {}
            Err(Refusal::NotLive { retry_after, .. }) => assert!(*retry_after >= Duration::from_secs(1)),
            Err(refusal) => panic!("{refusal}"),
        }
        if outcome.is_ok() == wanted {
            return start.elapsed();
        }
        assert!(start.elapsed() < PATIENCE, "it stays so");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_is_not_live_while_its_hosts_packets_are_blocked_and_live_again_when_they_return() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mix = MixConfig { kernels: Kernels::pick(None), max_fps: 30, bitrate_bps: 300_000 };
    let threads = costage::engine::Config { shards: 1, mixers: 1, mix, seed: 7 };
    let engine = Engine::start(&threads, &clock, &(Arc::new(NoSamples) as _)).unwrap();
    let director = engine.director();
    let config = PeerConfig { port: 0, bind: Some([127, 0, 0, 1].into()), loopback: true, ..PeerConfig::default() };
    let (sessions, _receiver) = peer::start(&config, Arc::clone(&clock), Arc::new(director.clone())).unwrap();
    let config = ControlConfig { rules: Rules::default(), seed: Seed::repeatable(11), snapshot: None };
    let journal = Box::new(Telling(MemoryOutbox::new(StoreId([0; 16]))));
    let (control, thread) = control::spawn(clock, config, journal, Box::new(director.clone())).unwrap();
    director.set_control(&control);

    let (live, alice) = (LiveId::new("a").unwrap(), UserId::new("alice").unwrap());
    let owner = User { user_id: alice.clone(), user_name: String::new(), avatar_url: String::new() };
    let create = Command::CreateLive(Box::new(NewLive::new(live.clone(), owner)));
    assert!(matches!(answer(|reply| control.ask(create, reply)).await, Ok(Answer::Live(_))));
    let Publish { source, .. } = answer(|reply| control.publish(live, alice, reply)).await.unwrap();

    let client = Client::new(Way::Out).await;
    let offer = client.offer().await;
    let opened = sessions.open(Instant::now(), Role::Host { source }, "alice".to_owned(), &offer).unwrap();
    let address = sessions.candidates()[0];
    let relay = Relay::start(address, 1, 0.0);
    client.answer(relay.in_place_of(&opened.answer, address)).await;
    client.connected().await;
    let publishing = client.publish(3_000);
    watchable(&control, true).await;

    relay.block(true);
    let took = watchable(&control, false).await;
    assert!(took >= Duration::from_millis(4_500), "not before five seconds: {took:?}");
    assert_eq!(sessions.sessions(), 1, "the session lives on");
    relay.block(false);
    watchable(&control, true).await;

    publishing.abort();
    client.close().await;
    watchable(&control, false).await;
    let start = Instant::now();
    while sessions.sessions() > 0 {
        assert!(start.elapsed() < PATIENCE, "the session is gone as well");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    thread.stop();
}
