//! A lossy way between a client and the server, seeded.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// A small random generator (xorshift64*); seeded, so that a failing run can be repeated.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn share(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Bytes that look like STUN, DTLS, RTP, RTCP or nothing at all.
    pub(crate) fn datagram(&mut self) -> Vec<u8> {
        let length = (self.number() % 200) as usize;
        let mut bytes: Vec<u8> = (0..length).map(|_| (self.number() >> 32) as u8).collect();
        let heads: [&[u8]; 6] = [
            &[0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42],
            &[22, 0xfe, 0xfd, 0, 0],
            &[23, 0xfe, 0xfd, 0, 1],
            &[0x80, 102],
            &[0x90, 111],
            &[0x80, 200],
        ];
        let head = heads[(self.number() % 6) as usize];
        for (byte, head) in bytes.iter_mut().zip(head) {
            *byte = *head;
        }
        bytes
    }
}

/// Passes datagrams both ways; loses a share of those with media, in either direction.
pub(crate) struct Relay {
    front: UdpSocket,
    back: UdpSocket,
    lost: Arc<AtomicUsize>,
    blocked: Arc<AtomicBool>,
}

impl Relay {
    pub(crate) fn start(server: SocketAddr, seed: u64, share: f64) -> Self {
        let front = UdpSocket::bind("127.0.0.1:0").unwrap();
        let back = UdpSocket::bind("127.0.0.1:0").unwrap();
        back.connect(server).unwrap();
        let lost = Arc::new(AtomicUsize::new(0));
        let blocked = Arc::new(AtomicBool::new(false));
        let client = Arc::new(std::sync::Mutex::new(None));
        let pump = |from: UdpSocket, to: UdpSocket, to_server: bool, mut noise: Noise| {
            let (lost, blocked, client) = (Arc::clone(&lost), Arc::clone(&blocked), Arc::clone(&client));
            from.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            std::thread::spawn(move || {
                let mut buffer = [0; 2_048];
                while let Ok((length, sender)) = from.recv_from(&mut buffer) {
                    let data = &buffer[..length];
                    // RTP alone: losing RTCP or checks is another test's matter.
                    let is_media = (128..192).contains(&data[0]) && !(192..224).contains(&data[1]);
                    if blocked.load(Ordering::Relaxed) {
                        continue;
                    }
                    if is_media && noise.share() < share {
                        lost.fetch_add(1, Ordering::Relaxed);
                        continue;
                    }
                    if to_server {
                        *client.lock().unwrap() = Some(sender);
                        let _ = to.send(data);
                    } else if let Some(client) = *client.lock().unwrap() {
                        let _ = to.send_to(data, client);
                    }
                }
            });
        };
        pump(front.try_clone().unwrap(), back.try_clone().unwrap(), true, Noise::new(seed));
        pump(back.try_clone().unwrap(), front.try_clone().unwrap(), false, Noise::new(seed + 1));
        Self { front, back, lost, blocked }
    }

    /// Nothing passes any more, or everything as before.
    pub(crate) fn block(&self, blocked: bool) {
        self.blocked.store(blocked, Ordering::Relaxed);
    }

    /// The answer with the relay as the server's address.
    pub(crate) fn in_place_of(&self, answer: &str, server: SocketAddr) -> String {
        let relay = self.front.local_addr().unwrap();
        answer.replace(&format!(" {} typ", server.port()), &format!(" {} typ", relay.port()))
    }

    pub(crate) fn inject(&self, data: &[u8]) {
        let _ = self.back.send(data);
    }

    pub(crate) fn lost(&self) -> usize {
        self.lost.load(Ordering::Relaxed)
    }
}
