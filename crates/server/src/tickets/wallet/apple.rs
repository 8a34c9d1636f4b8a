//! Apple Wallet: a pass is a zip with `pass.json`, pictures, the SHA-1 of each in `manifest.json`, and that file's detached PKCS#7 signature, made with
//! the certificate that Apple gave the issuer. Passes are not updated afterwards: there is no push service.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aforo_domain::ids::ShardId;
use aforo_domain::moment::Timestamp;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::der::asn1::{Any, ObjectIdentifier, OctetString, SetOfVec, UtcTime};
use x509_cert::der::{self, Decode, Encode};
use x509_cert::spki::AlgorithmIdentifierOwned;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::key::RsaKey;
use super::{bytes_of, json_of, picture, readable_on, rgb, wrong};
use crate::tickets::Broken;
use crate::tickets::face::Face;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const OID_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The set-up's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetUp {
    pass_type_identifier: String,
    team_identifier: String,
    certificate: PathBuf,
    key: PathBuf,
    intermediate: PathBuf,
}

/// An issuer of passes.
#[derive(Debug)]
pub struct Apple {
    pass_type: String,
    team: String,
    /// The issuer's own.
    certificate: Certificate,
    /// The one of Apple that signed it.
    intermediate: Certificate,
    key: RsaKey,
}

impl Apple {
    /// Reads a set-up.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let set_up: SetUp = json_of(path)?;
        let beside = |named: &Path| path.parent().unwrap_or(Path::new("")).join(named);
        let (certificate, key) = (beside(&set_up.certificate), beside(&set_up.key));
        let issuer = Self {
            pass_type: set_up.pass_type_identifier,
            team: set_up.team_identifier,
            certificate: certificate_of(&certificate)?,
            intermediate: certificate_of(&beside(&set_up.intermediate))?,
            key: RsaKey::read(&bytes_of(&key)?).map_err(|error| wrong(&key, error))?,
        };
        let certified = issuer.certificate.tbs_certificate.subject_public_key_info.subject_public_key.raw_bytes();
        if certified != issuer.key.public() {
            return Err(wrong(&key, format!("not the key of the certificate in {}", certificate.display())));
        }
        Ok(issuer)
    }

    /// A ticket's pass, a `.pkpass` file.
    ///
    /// # Errors
    /// [`Broken`] if it cannot be put together.
    pub fn pass(&self, face: &Face, shard: ShardId, now: Timestamp) -> Result<Vec<u8>, Broken> {
        let mut files = vec![("pass.json", self.describe(face, shard).to_string().into_bytes())];
        for (name, side) in [("icon.png", 29), ("icon@2x.png", 58), ("icon@3x.png", 87), ("logo.png", 50), ("logo@2x.png", 100)] {
            files.push((name, picture::icon(side, face.color)?));
        }
        let hashes = files.iter().map(|(name, bytes)| ((*name).to_owned(), json!(hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref()))));
        let manifest = Value::Object(hashes.collect::<Map<_, _>>()).to_string().into_bytes();
        let signature = self.sign(&manifest, now)?;
        files.extend([("manifest.json", manifest), ("signature", signature)]);
        bundle(&files).map_err(|error| Broken::of("pass", error))
    }

    fn describe(&self, face: &Face, shard: ShardId) -> Value {
        let labels = &face.words.labels;
        let field = |key: String, label: &str, value: &str| json!({"key": key, "label": label, "value": value});
        let list = |name: &str, facts: &[(&'static str, String)]| -> Vec<Value> {
            facts.iter().enumerate().map(|(index, (label, value))| field(format!("{name}{index}"), label, value)).collect()
        };
        let when = face.time().map_or_else(|| face.date(), |time| format!("{}, {time}", face.date()));
        let mut back = list("detail", &face.details);
        back.push(field("address".into(), labels.venue, &format!("{}\n{}", face.venue, face.address)));
        back.push(field("promoter".into(), labels.promoter, &face.promoter));
        let notes = face.price_notes.iter().map(String::as_str).chain(face.notes.iter().copied()).chain([labels.advice]);
        back.extend(notes.enumerate().map(|(index, note)| json!({"key": format!("note{index}"), "value": note})));
        let text = rgb(readable_on(face.color));
        json!({
            "formatVersion": 1,
            "passTypeIdentifier": self.pass_type,
            "teamIdentifier": self.team,
            "serialNumber": format!("{shard}-{}", face.id),
            "organizationName": face.promoter,
            "description": format!("{}: {}", face.kind(), face.title),
            "logoText": face.promoter,
            "relevantDate": face.starts.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            "backgroundColor": rgb(face.color),
            "foregroundColor": text,
            "labelColor": text,
            "sharingProhibited": true,
            "barcodes": [{
                "format": "PKBarcodeFormatQR", "message": face.barcode, "messageEncoding": "iso-8859-1", "altText": face.barcode,
            }],
            "eventTicket": {
                "primaryFields": [field("event".into(), face.kind(), &face.title)],
                "secondaryFields": [field("venue".into(), labels.venue, &face.venue), field("date".into(), labels.date, &when)],
                "auxiliaryFields": list("place", &face.place),
                "backFields": back,
            },
        })
    }

    /// The detached PKCS#7 signature of a file, with the time of signing, which Apple asks for.
    fn sign(&self, content: &[u8], now: Timestamp) -> Result<Vec<u8>, Broken> {
        let attributes = attributes(content, now).map_err(|error| Broken::of("signature", error))?;
        let signature = self.key.sign(&attributes.to_der().map_err(|error| Broken::of("signature", error))?)?;
        self.signed_data(attributes, signature).map_err(|error| Broken::of("signature", error))
    }

    fn signed_data(&self, attributes: SetOfVec<Attribute>, signature: Vec<u8>) -> der::Result<Vec<u8>> {
        let issued = &self.certificate.tbs_certificate;
        let sha256 = AlgorithmIdentifierOwned { oid: OID_SHA256, parameters: None };
        let signer = SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: issued.issuer.clone(),
                serial_number: issued.serial_number.clone(),
            }),
            digest_alg: sha256.clone(),
            signed_attrs: Some(attributes),
            signature_algorithm: AlgorithmIdentifierOwned { oid: RSA, parameters: Some(Any::null()) },
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        let certificates = [&self.certificate, &self.intermediate].map(|one| CertificateChoices::Certificate(one.clone()));
        let signed = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![sha256])?,
            encap_content_info: EncapsulatedContentInfo { econtent_type: DATA, econtent: None },
            certificates: Some(CertificateSet(SetOfVec::try_from(certificates.to_vec())?)),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![signer])?),
        };
        ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&signed)? }.to_der()
    }
}

/// What is signed of a file: what it is, its hash and when.
fn attributes(content: &[u8], now: Timestamp) -> der::Result<SetOfVec<Attribute>> {
    let attribute = |oid, value| -> der::Result<Attribute> { Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? }) };
    let hash = OctetString::new(digest(&SHA256, content).as_ref())?;
    let signed_at = UtcTime::from_unix_duration(Duration::from_secs(now.0.max(0).unsigned_abs() / 1_000_000))?;
    SetOfVec::try_from(vec![
        attribute(CONTENT_TYPE, Any::encode_from(&DATA)?)?,
        attribute(SIGNING_TIME, Any::encode_from(&signed_at)?)?,
        attribute(MESSAGE_DIGEST, Any::encode_from(&hash)?)?,
    ])
}

/// A zip of files as they are: pictures are compressed already, and the rest is small.
fn bundle(files: &[(&str, Vec<u8>)]) -> zip::result::ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Stored))?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

fn certificate_of(path: &Path) -> Result<Certificate, String> {
    let der =
        CertificateDer::from_pem_slice(&bytes_of(path)?).map_err(|error| wrong(path, format!("no certificate in PEM form: {error}")))?;
    Certificate::from_der(&der).map_err(|error| wrong(path, error))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
