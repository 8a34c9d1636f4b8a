//! The requests of a run with everything that does not change already in its final form. What it builds is exactly what any client of the
//! public API would send.

use std::fmt::Write;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{Method, Uri};

use super::connection::Outgoing;
use super::extras::{CODE, Extras};
use super::supply::{Pick, Places};
use crate::client::request::{IDEMPOTENCY_HEADER, ORDER_HEADER};

/// The constant parts of the requests to one server with one token.
pub struct Prepared {
    host: HeaderValue,
    bearer: HeaderValue,
    run: String,
    quantity: u32,
}

impl Prepared {
    /// Requests to `host` with `token`; `run` tells this run's keys and buyers from those of any other.
    ///
    /// # Errors
    /// When one of them cannot stand in a header.
    pub fn new(host: &str, token: &str, run: String, quantity: u32) -> Result<Self, String> {
        let header = |text: &str| HeaderValue::from_str(text).map_err(|_| "the host or the token cannot be sent in a header".to_owned());
        let mut bearer = header(&format!("Bearer {token}"))?;
        bearer.set_sensitive(true);
        Ok(Self { host: header(host)?, bearer, run, quantity })
    }

    /// `POST /orders`
    pub fn create(&self, order_number: u64) -> Outgoing {
        self.with_key(self.post("/distribution-api/v1/orders", None, "{}".into()), order_number, 'c')
    }

    /// `GET /sessions/{id}/availability`
    pub fn availability(&self, session: u64) -> Outgoing {
        self.get(&format!("/catalog-api/v1/sessions/{session}/availability"))
    }

    /// `GET /metrics`
    pub fn metrics(&self) -> Outgoing {
        self.get("/metrics")
    }

    /// `GET /sessions/{id}/seats`
    pub fn seat_map(&self, session: u64) -> Outgoing {
        self.get(&crate::client::free_seats::path(session))
    }

    /// `POST /orders/seats` or `/orders/seats-auto`
    pub fn seats(&self, order: &HeaderValue, pick: &Pick) -> Outgoing {
        let session = pick.session;
        match &pick.places {
            Places::Named { seats, .. } => {
                let mut body = String::with_capacity(16 + seats.len() * 40);
                for seat in seats.iter() {
                    let lead = if body.is_empty() { r#"{"seats":["# } else { "," };
                    let _ = write!(body, r#"{lead}{{"id":{seat},"session_id":{session}}}"#);
                }
                body.push_str("]}");
                self.post("/distribution-api/v1/orders/seats", Some(order), body.into())
            }
            Places::Any(price_type) => {
                let body = format!(r#"{{"session_id":{session},"price_type_id":{price_type},"quantity":{}}}"#, self.quantity);
                self.post("/distribution-api/v1/orders/seats-auto", Some(order), body.into())
            }
        }
    }

    /// `POST /sessions/{id}/validations`
    pub fn validation(&self, session: u64, barcode: &str, gate: u64) -> Outgoing {
        let body = format!(r#"{{"barcode":"{barcode}","gate":"Gate {gate}","device":"bench"}}"#);
        let mut request = self.post("/", None, body.into());
        if let Ok(uri) = format!("/access-control-api/v1/sessions/{session}/validations").parse::<Uri>() {
            *request.uri_mut() = uri;
        }
        request
    }

    /// `POST /orders/promotions`, the one with a code
    pub fn promotion(&self, order: &HeaderValue, extras: &Extras) -> Outgoing {
        let body = format!(r#"{{"id":{},"code":"{CODE}"}}"#, extras.promotion);
        self.post("/distribution-api/v1/orders/promotions", Some(order), body.into())
    }

    /// `POST /orders/insurances`, for all items
    pub fn insurance(&self, order: &HeaderValue, extras: &Extras) -> Outgoing {
        self.post("/distribution-api/v1/orders/insurances", Some(order), format!(r#"{{"id":{}}}"#, extras.insurance).into())
    }

    /// `POST /orders/delivery-methods`
    pub fn delivery(&self, order: &HeaderValue, extras: &Extras) -> Outgoing {
        self.post("/distribution-api/v1/orders/delivery-methods", Some(order), format!(r#"{{"id":{}}}"#, extras.delivery).into())
    }

    /// `POST /orders/vouchers`
    pub fn voucher(&self, order: &HeaderValue, code: &str) -> Outgoing {
        self.post("/distribution-api/v1/orders/vouchers", Some(order), format!(r#"{{"code":"{code}"}}"#).into())
    }

    /// `POST /orders/buyer-data`, a buyer nobody else is
    pub fn buyer_data(&self, order: &HeaderValue, order_number: u64) -> Outgoing {
        let run = &self.run;
        let body = format!(r#"{{"email":"buyer-{run}-{order_number}@example.org","name":"Ada","surname":"Soler"}}"#);
        self.post("/distribution-api/v1/orders/buyer-data", Some(order), body.into())
    }

    /// `POST /orders/pre-confirm`
    pub fn pre_confirm(&self, order: &HeaderValue) -> Outgoing {
        self.post("/distribution-api/v1/orders/pre-confirm", Some(order), "{}".into())
    }

    /// `POST /orders/confirm`, paid in full with `amount` as the server wrote it
    pub fn confirm(&self, order: &HeaderValue, order_number: u64, amount: &str) -> Outgoing {
        let body = format!(r#"{{"payments":[{{"type":"CARD","amount":{amount},"reference":"bench-{order_number}"}}]}}"#);
        self.with_key(self.post("/distribution-api/v1/orders/confirm", Some(order), body.into()), order_number, 'p')
    }

    /// `DELETE /orders`
    pub fn release(&self, order: &HeaderValue) -> Outgoing {
        let mut request = self.get("/distribution-api/v1/orders");
        *request.method_mut() = Method::DELETE;
        request.headers_mut().insert(HeaderName::from_static(ORDER_HEADER), order.clone());
        request
    }

    fn get(&self, path: &str) -> Outgoing {
        let mut request = Outgoing::default();
        if let Ok(uri) = path.parse::<Uri>() {
            *request.uri_mut() = uri;
        }
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(AUTHORIZATION, self.bearer.clone());
        request
    }

    fn post(&self, path: &'static str, order: Option<&HeaderValue>, body: Bytes) -> Outgoing {
        let mut request = Outgoing::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static(path);
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(AUTHORIZATION, self.bearer.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(order) = order {
            headers.insert(HeaderName::from_static(ORDER_HEADER), order.clone());
        }
        request
    }

    fn with_key(&self, mut request: Outgoing, order_number: u64, step: char) -> Outgoing {
        if let Ok(key) = HeaderValue::try_from(format!("{}-{order_number}-{step}", self.run)) {
            request.headers_mut().insert(HeaderName::from_static(IDEMPOTENCY_HEADER), key);
        }
        request
    }
}

/// The id of the order in an answer, ready to be sent back; it is the first `id` of the body.
pub fn order_id(body: &[u8]) -> Option<HeaderValue> {
    let id = text_after(body, br#""id":""#, false)?.split(|byte| *byte == b'"').next()?;
    (id.len() == 32).then(|| HeaderValue::from_bytes(id).ok()).flatten()
}

/// What is to pay in an answer, digit by digit as the server wrote it; it is the last `to_pay` of the body.
pub fn to_pay(body: &[u8]) -> Option<&str> {
    let rest = text_after(body, br#""to_pay":"#, true)?;
    let end = rest.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'.'))?;
    std::str::from_utf8(&rest[..end]).ok().filter(|amount| !amount.is_empty())
}

/// Whether an answer says that the places are not to be had.
pub fn is_conflict(status: u16, body: &[u8]) -> bool {
    status == 409 && [&br#""ORDER_SEAT_NOT_AVAILABLE""#[..], &br#""ORPHAN_SEAT""#[..]].iter().any(|code| find(body, code, false).is_some())
}

fn text_after<'a>(body: &'a [u8], mark: &[u8], last: bool) -> Option<&'a [u8]> {
    find(body, mark, last).map(|place| &body[place + mark.len()..])
}

fn find(body: &[u8], mark: &[u8], last: bool) -> Option<usize> {
    let mut places = body.windows(mark.len()).enumerate().filter(|(_, window)| *window == mark).map(|(place, _)| place);
    if last { places.next_back() } else { places.next() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &[u8] = br#"{"id":"0123456789abcdef0123456789abcdef","code":"ABC","items":[{"id":1,"price":{"total":46}}],
        "price":{"base":40,"total":46.5,"vouchers":0,"to_pay":46.50,"taxes":[]}}"#;

    #[test]
    fn an_order_is_paid_to_the_cent_as_the_server_wrote_it() {
        assert_eq!(order_id(ORDER).unwrap(), "0123456789abcdef0123456789abcdef");
        assert_eq!(to_pay(ORDER), Some("46.50"));
        assert_eq!(to_pay(br#"{"price":{"to_pay":0}}"#), Some("0"));
    }

    #[test]
    fn what_is_no_order_yields_nothing() {
        assert_eq!(order_id(br#"{"id":"short"}"#), None);
        assert_eq!(order_id(b"{}"), None);
        assert_eq!(to_pay(br#"{"price":{"to_pay":null}}"#), None);
    }

    #[test]
    fn only_a_taken_seat_is_a_conflict() {
        assert!(is_conflict(409, br#"{"code":"ORDER_SEAT_NOT_AVAILABLE","message":"x"}"#));
        assert!(!is_conflict(409, br#"{"code":"ORDER_INVALID_STATUS"}"#));
        assert!(!is_conflict(404, br#"{"code":"ORDER_SEAT_NOT_AVAILABLE"}"#));
    }

    #[test]
    fn seats_are_named_with_their_session() {
        let prepared = Prepared::new("localhost:1", "t", "r".to_owned(), 2).unwrap();
        let order = HeaderValue::from_static("0123456789abcdef0123456789abcdef");
        let body = |request: Outgoing| {
            use http_body_util::BodyExt;
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            String::from_utf8(runtime.block_on(request.into_body().collect()).unwrap().to_bytes().to_vec()).unwrap()
        };
        let named = Pick { session: 2, places: Places::Named { group: 0, seats: vec![7, 8] } };
        assert_eq!(body(prepared.seats(&order, &named)), r#"{"seats":[{"id":7,"session_id":2},{"id":8,"session_id":2}]}"#);
        let any = Pick { session: 2, places: Places::Any(3) };
        assert_eq!(body(prepared.seats(&order, &any)), r#"{"session_id":2,"price_type_id":3,"quantity":2}"#);
    }
}
