//! What webhooks are told, as it is written: the body of a delivery. Its headers are `outbox::hooks`'.

use aforo_domain::webhooks::{Notice, What};
use serde::Serialize;

/// Of an order.
#[derive(Serialize)]
struct OrderBody {
    code: String,
    /// Where it is read.
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_code: Option<String>,
}

/// Of what has a number.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct NumberBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<u64>,
}

/// The body of a message; `links` is what links to the APIs begin with. The same message has the same body whenever it is sent.
pub fn body(links: &str, notice: &Notice) -> Vec<u8> {
    let numbers = match notice.told.what {
        What::Order { code, previous } => {
            let url = format!("{links}/orders-mgmt-api/v1/orders/{code}");
            let body = OrderBody { code: code.to_string(), url, previous_code: previous.map(|code| code.to_string()) };
            return serde_json::to_vec(&body).unwrap_or_default();
        }
        What::Event(event) => NumberBody { id: Some(event.0), ..NumberBody::default() },
        What::Session(event, session) => NumberBody { id: Some(session.0), event_id: Some(event.0), ..NumberBody::default() },
        What::Publication(event, session, channel) => {
            NumberBody { event_id: Some(event.0), session_id: Some(session.0), channel_id: Some(channel.0), ..NumberBody::default() }
        }
        What::Webhook(hook) => NumberBody { id: Some(hook.0), ..NumberBody::default() },
    };
    serde_json::to_vec(&numbers).unwrap_or_default()
}
