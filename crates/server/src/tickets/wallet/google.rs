//! Google Wallet: a pass is a link that the buyer opens, with all of it in a JWT that the issuer's service account signed. aforo calls nobody: Google
//! makes the pass when the link is opened.

use std::path::{Path, PathBuf};

use aforo_domain::ids::{Hash, ShardId};
use aforo_domain::moment::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::key::RsaKey;
use super::{json_of, wrong};
use crate::tickets::Broken;
use crate::tickets::face::Face;

/// Where links lead to.
const SAVE: &str = "https://pay.google.com/gp/v/save/";

/// The set-up's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetUp {
    issuer_id: String,
    /// The service account's key file, as Google gives it.
    service_account: PathBuf,
}

/// What is read of a service account's key file.
#[derive(Deserialize)]
struct ServiceAccount {
    client_email: String,
    private_key: String,
}

/// An issuer of passes.
#[derive(Debug)]
pub struct Google {
    issuer: String,
    account: String,
    key: RsaKey,
}

impl Google {
    /// Reads a set-up.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let set_up: SetUp = json_of(path)?;
        let file = path.parent().unwrap_or(Path::new("")).join(&set_up.service_account);
        let account: ServiceAccount = json_of(&file)?;
        let key = RsaKey::read(account.private_key.as_bytes()).map_err(|error| wrong(&file, error))?;
        Ok(Self { issuer: set_up.issuer_id, account: account.client_email, key })
    }

    /// The link that puts a ticket into a wallet.
    ///
    /// # Errors
    /// [`Broken`] if it cannot be signed.
    pub fn link(&self, face: &Face, shard: ShardId, now: Timestamp) -> Result<String, Broken> {
        let claims = json!({
            "iss": self.account,
            "aud": "google",
            "typ": "savetowallet",
            "iat": now.0.div_euclid(1_000_000),
            "origins": [],
            "payload": {"eventTicketClasses": [self.class(face, shard)], "eventTicketObjects": [self.object(face, shard)]},
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "RS256", "typ": "JWT"})), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes())?);
        Ok(format!("{SAVE}{signed}.{signature}"))
    }

    fn class_id(&self, face: &Face, shard: ShardId) -> String {
        // What is said of a session differs by language, and a class that is known is not read again.
        format!("{}.{shard}-{}-{}", self.issuer, face.session_id, face.words.tag)
    }

    /// What all tickets of a session have in common.
    fn class(&self, face: &Face, shard: ShardId) -> Value {
        let time = |at: &jiff::ZonedDateTime| at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        json!({
            "id": self.class_id(face, shard),
            "issuerName": face.promoter,
            "reviewStatus": "UNDER_REVIEW",
            "eventName": said(face, &face.title),
            "venue": {"name": said(face, &face.venue), "address": said(face, &face.address)},
            "dateTime": {"start": time(&face.starts), "end": time(&face.ends)},
        })
    }

    fn object(&self, face: &Face, shard: ShardId) -> Value {
        let labels = &face.words.labels;
        // A reprinted ticket is another pass: Google keeps what it knows of an id.
        let print = Hash::of(face.barcode.as_bytes()).short();
        let mut object = json!({
            "id": format!("{}.{shard}-{}-{print:016x}", self.issuer, face.id),
            "classId": self.class_id(face, shard),
            "state": "ACTIVE",
            "barcode": {"type": "QR_CODE", "value": face.barcode, "alternateText": face.barcode},
            "ticketNumber": face.id.to_string(),
            "ticketType": said(face, &face.class),
            "reservationInfo": {"confirmationCode": face.code},
        });
        if let Some(holder) = &face.holder {
            object["ticketHolderName"] = json!(holder);
        }
        let mut section = Vec::new();
        for (label, value) in &face.place {
            match *label {
                label if label == labels.entrance => object["seatInfo"]["gate"] = said(face, value),
                label if label == labels.row => object["seatInfo"]["row"] = said(face, value),
                label if label == labels.seat => object["seatInfo"]["seat"] = said(face, value),
                // Sector, zone or both.
                _ => section.push(value.as_str()),
            }
        }
        if !section.is_empty() {
            object["seatInfo"]["section"] = said(face, &section.join(" · "));
        }
        object
    }
}

/// A text in the ticket's language.
fn said(face: &Face, text: &str) -> Value {
    json!({"defaultValue": {"language": face.words.tag, "value": text}})
}
