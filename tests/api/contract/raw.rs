//! Exchanges on connections of one's own, read from their bytes.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::Exchange;

impl Exchange {
    /// From what was sent and what was said until the server hung up; nothing when either is no HTTP.
    pub(crate) fn from_bytes(sent: &str, said: &str) -> Option<Self> {
        let (request_head, request_body) = sent.split_once("\r\n\r\n")?;
        let (head, body) = said.split_once("\r\n\r\n")?;
        let mut request = request_head.split("\r\n");
        let mut first = request.next()?.split(' ');
        let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
        let mut answer = head.split("\r\n");
        let status = answer.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: HeaderMap = answer
            .filter_map(|line| line.split_once(':'))
            .filter_map(|(name, value)| {
                Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value.trim()).ok()?))
            })
            .collect();
        let sent_headers = request.filter_map(|line| line.split_once(':'));
        let sent_headers = sent_headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        Some(Self {
            method,
            path,
            sent_headers: sent_headers.collect(),
            sent: request_body.to_owned(),
            status,
            headers,
            body: Some(body.to_owned()),
        })
    }
}

#[test]
fn an_exchange_is_read_from_its_bytes() {
    let sent = "POST /v1/lives HTTP/1.1\r\nHost: x\r\n\r\n{}";
    let said = "HTTP/1.1 408 Request Timeout\r\nretry-after: 2\r\n\r\n{\"a\":1}";
    let exchange = Exchange::from_bytes(sent, said).unwrap();
    assert_eq!((exchange.method.as_str(), exchange.path.as_str(), exchange.sent.as_str()), ("POST", "/v1/lives", "{}"));
    assert_eq!((exchange.status, exchange.body.as_deref()), (408, Some("{\"a\":1}")));
    assert_eq!(
        (&exchange.headers["retry-after"], exchange.sent_headers["host"].as_str()),
        (&HeaderValue::from_static("2"), "x")
    );
    assert!(Exchange::from_bytes("", said).is_none(), "nothing was asked");
}
