//! The form of an OAuth request: its parameters, HTTP Basic for the client, and the address it comes from. Refusals are RFC 6749's.

use std::net::IpAddr;

use aforo_domain::error::{Code, Error};
use aforo_domain::ids::Hash;
use axum::extract::{FromRequest, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::app::App;
use crate::http::call::read;
use crate::http::middleware::Peer;
use crate::http::respond::Problem;

/// The largest form, in bytes.
const MAX_FORM: usize = 16 * 1024;

/// A form that came from somewhere.
#[derive(Debug)]
pub struct Form {
    fields: Vec<(String, String)>,
    /// Hash of the address, for counting wrong tries.
    pub address: Hash,
}

/// A refusal in RFC 6749's words and in the catalogue's.
pub fn refused(word: &'static str, error: impl Into<Error>) -> Problem {
    Problem { oauth: Some(word), ..error.into().into() }
}

impl Form {
    /// A parameter; an empty one counts as left out.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Parameters that must be there.
    ///
    /// # Errors
    /// `invalid_request`, `DIST0006` with all that are missing.
    pub fn need<const N: usize>(&self, names: [&str; N]) -> Result<[&str; N], Problem> {
        let missing: Vec<_> = names.into_iter().filter(|name| self.get(name).is_none()).collect();
        if missing.is_empty() {
            Ok(names.map(|name| self.get(name).unwrap_or_default()))
        } else {
            Err(refused("invalid_request", Error::required(&missing)))
        }
    }
}

impl FromRequest<App> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let address = parts.extensions.get::<Peer>().map_or(IpAddr::from([0; 4]), |peer| network(peer.0));
        app.http
            .addresses
            .check(address, app.config.address_rate, app.clock.now())
            .map_err(|error| refused("temporarily_unavailable", error))?;
        if !parts.headers.get(CONTENT_TYPE).is_some_and(is_form) {
            return Err(refused("invalid_request", Error::new(Code::Dist0002).because("not a form")));
        }
        let bytes = read(body, MAX_FORM).await.map_err(|problem| refused("invalid_request", *problem.error))?;
        let mut fields: Vec<(String, String)> = form_urlencoded::parse(&bytes).into_owned().collect();
        basic(&parts.headers, &mut fields)?;
        if let Some(twice) = repeated(&fields) {
            return Err(refused("invalid_request", Error::invalid(&[twice])));
        }
        Ok(Self { fields, address: Hash::of(format!("address {address}").as_bytes()) })
    }
}

fn is_form(value: &HeaderValue) -> bool {
    let essence = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

/// Client id and secret of an `Authorization: Basic` header, as if they had come in the form. What comes both ways must be the same.
fn basic(headers: &HeaderMap, fields: &mut Vec<(String, String)>) -> Result<(), Problem> {
    let Some((scheme, encoded)) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' ')) else { return Ok(()) };
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(());
    }
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let credentials = decoded.as_ref().and_then(|text| text.split_once(':'));
    let (id, secret) = credentials.ok_or_else(|| refused("invalid_client", Code::Unauthorized))?;
    for (name, value) in [("client_id", id), ("client_secret", secret)] {
        let value = decode(value);
        if !value.is_empty() && !fields.iter().any(|(known, same)| known == name && *same == value) {
            fields.push((name.to_owned(), value));
        }
    }
    Ok(())
}

/// RFC 6749 has id and secret form-encoded before they are put together.
fn decode(text: &str) -> String {
    form_urlencoded::parse(text.replace('=', "%3D").replace('&', "%26").as_bytes())
        .map(|(name, _)| name.into_owned())
        .next()
        .unwrap_or_default()
}

fn repeated(fields: &[(String, String)]) -> Option<&str> {
    fields
        .iter()
        .enumerate()
        .find(|(at, (name, _))| fields[..*at].iter().any(|(known, _)| known == name))
        .map(|(_, (name, _))| name.as_str())
}

/// One household or company has a whole /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::from((u128::from(address) >> 64 << 64).to_be_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{decode, network, repeated};

    #[test]
    fn an_ipv6_network_is_one_address() {
        let at = |text: &str| network(text.parse::<IpAddr>().unwrap());
        assert_eq!(at("2001:db8:1:2:3:4:5:6"), at("2001:db8:1:2::1"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
    }

    #[test]
    fn basic_credentials_are_form_encoded_first() {
        assert_eq!(decode("3_a%2Bb"), "3_a+b");
        assert_eq!(decode("a=b&c"), "a=b&c");
    }

    #[test]
    fn a_parameter_comes_once() {
        let fields = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), String::new())).collect::<Vec<_>>();
        assert_eq!(repeated(&fields(&["a", "b"])), None);
        assert_eq!(repeated(&fields(&["a", "b", "a"])), Some("a"));
    }
}
