//! Passes for wallets, judged by openssl and by what the wallets' makers ask for.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use aforo_server::tickets::wallet::Wallets;
use aforo_testkit::builders::SmallWorld;
use aforo_testkit::spawn::{Engine, run_configured};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::programs::{must, run};
use super::{API, code, sell, tickets};

/// Certificates as Apple would give them (an authority's, and one of a pass type), keys, and the two set-ups.
fn set_up(folder: &Path) {
    let openssl = |arguments: &str| must("openssl", &arguments.split(' ').collect::<Vec<_>>(), folder);
    openssl("req -x509 -newkey rsa:2048 -noenc -keyout ca.key -out ca.pem -subj /CN=Authority -days 30");
    openssl("req -newkey rsa:2048 -noenc -keyout pass.key -out pass.csr -subj /CN=Passes");
    openssl("x509 -req -in pass.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out pass.pem -days 30");
    openssl("pkey -in pass.key -pubout -out pass.pub");
    let key = std::fs::read_to_string(folder.join("pass.key")).unwrap();
    let files = [
        (
            "apple.json",
            json!({"pass_type_identifier": "pass.org.example.tickets", "team_identifier": "A1B2C3D4E5", "certificate": "pass.pem",
                "key": "pass.key", "intermediate": "ca.pem"}),
        ),
        ("google.json", json!({"issuer_id": "3388000000012345678", "service_account": "account.json"})),
        ("account.json", json!({"type": "service_account", "client_email": "tickets@example.org", "private_key": key})),
    ];
    for (name, contents) in files {
        std::fs::write(folder.join(name), contents.to_string()).unwrap();
    }
}

fn read(folder: &Path) -> Result<Wallets, String> {
    Wallets::read(Some(&folder.join("apple.json")), Some(&folder.join("google.json")))
}

fn unpacked(pass: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(pass)).unwrap();
    let file = |index| {
        let mut file = archive.by_index(index).unwrap();
        let (name, mut bytes) = (file.name().unwrap().into_owned(), Vec::new());
        file.read_to_end(&mut bytes).unwrap();
        (name, bytes)
    };
    (0..8).map(file).collect()
}

#[test]
fn a_ticket_becomes_a_pass_of_each_wallet() {
    let folder = TempDir::new().unwrap();
    set_up(folder.path());
    let wallets = Arc::new(read(folder.path()).unwrap());
    run_configured(
        Engine::Sqlite,
        |config| config.wallets = wallets,
        async |server| {
            let world = SmallWorld::set_up(server).await;
            let seller = world.seller().await;
            let order = sell(&world, &seller, &world.row[..2]).await;
            let (item, barcode) = tickets(&order).remove(1);
            let path = format!("{API}/{}/items/{item}", code(&order));
            let pass = seller.0.get(format!("{path}/pass.pkpass")).await;
            assert_eq!((pass.status, pass.header("content-type")), (200, "application/vnd.apple.pkpass"));
            check_apple(folder.path(), &unpacked(&pass.bytes), &barcode);
            let link = seller.0.get(format!("{path}/google-wallet")).await;
            assert_eq!(link.header("cache-control"), "private, no-store");
            check_google(folder.path(), link.ok()["url"].as_str().unwrap(), code(&order), &barcode);
        },
    );
}

fn check_apple(folder: &Path, files: &BTreeMap<String, Vec<u8>>, barcode: &str) {
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    let manifest: BTreeMap<String, String> = serde_json::from_slice(&files["manifest.json"]).unwrap();
    let listed: Vec<_> = files.keys().filter(|name| !["manifest.json", "signature"].contains(&name.as_str())).collect();
    assert_eq!(manifest.keys().collect::<Vec<_>>(), listed);
    for (name, hash) in &manifest {
        assert_eq!(must("openssl", &["dgst", "-sha1", "-r", name], folder).split(' ').next(), Some(hash.as_str()), "{name}");
    }
    assert!(["icon.png", "icon@2x.png", "logo.png"].iter().all(|name| files[*name].starts_with(b"\x89PNG")));
    let verify = |content: &str| {
        let signed = ["-verify", "-binary", "-inform", "DER", "-in", "signature", "-content", content];
        run("openssl", &[&["cms"], &signed[..], &["-CAfile", "ca.pem", "-purpose", "any", "-out", "verified"]].concat(), folder).1
    };
    assert!(verify("manifest.json"), "the signature is the certificate's, over the manifest");
    assert!(!verify("pass.json"), "and over nothing else");
    let described = must("openssl", &["cms", "-cmsout", "-print", "-inform", "DER", "-in", "signature"], folder);
    assert!(described.contains("signingTime") && described.contains("CN=Authority"), "{described}");

    let pass: Value = serde_json::from_slice(&files["pass.json"]).unwrap();
    assert_eq!((&pass["formatVersion"], &pass["passTypeIdentifier"]), (&json!(1), &json!("pass.org.example.tickets")));
    assert_eq!((&pass["teamIdentifier"], &pass["organizationName"]), (&json!("A1B2C3D4E5"), &json!("Teatre")));
    assert_eq!((&pass["relevantDate"], &pass["description"]), (&json!("2031-01-31T20:00:00+01:00"), &json!("Entrada: Concierto")));
    assert_eq!((&pass["barcodes"][0]["format"], &pass["barcodes"][0]["message"]), (&json!("PKBarcodeFormatQR"), &json!(barcode)));
    let place: Vec<_> = pass["eventTicket"]["auxiliaryFields"].as_array().unwrap().iter().map(|field| &field["value"]).collect();
    assert_eq!(place, ["Stalls", "A", "2"]);
}

fn check_google(folder: &Path, url: &str, code: &str, barcode: &str) {
    let token = url.strip_prefix("https://pay.google.com/gp/v/save/").unwrap();
    let key = DecodingKey::from_rsa_pem(&std::fs::read(folder.join("pass.pub")).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&["google"]);
    validation.set_issuer(&["tickets@example.org"]);
    validation.set_required_spec_claims(&["aud", "iss"]);
    let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims;
    assert_eq!((&claims["typ"], &claims["iat"]), (&json!("savetowallet"), &json!(1_926_237_600)));
    let (class, object) = (&claims["payload"]["eventTicketClasses"][0], &claims["payload"]["eventTicketObjects"][0]);
    assert_eq!(class["id"], object["classId"]);
    assert!(object["id"].as_str().unwrap().starts_with("3388000000012345678."));
    assert_eq!(class["eventName"]["defaultValue"], json!({"language": "es", "value": "Concierto"}));
    assert_eq!(
        (&class["dateTime"]["start"], &class["venue"]["name"]["defaultValue"]["value"]),
        (&json!("2031-01-31T20:00:00+01:00"), &json!("Teatre"))
    );
    assert_eq!((&object["barcode"]["value"], &object["reservationInfo"]["confirmationCode"]), (&json!(barcode), &json!(code)));
    let seat = |name: &str| &object["seatInfo"][name]["defaultValue"]["value"];
    assert_eq!([seat("section"), seat("row"), seat("seat")], ["Stalls", "A", "2"]);
    assert_eq!(object["ticketHolderName"], "Ada Vidal");
}

#[test]
fn a_wrong_set_up_is_told_before_the_server_starts() {
    let folder = TempDir::new().unwrap();
    set_up(folder.path());
    let wrong = |name: &str, contents: &[u8], why: &str| {
        let path = folder.path().join(name);
        let right = std::fs::read(&path).unwrap();
        std::fs::write(&path, contents).unwrap();
        let told = read(folder.path()).unwrap_err();
        assert!(told.starts_with(path.to_str().unwrap()) && told.contains(why), "{told}");
        std::fs::write(&path, right).unwrap();
    };
    wrong("apple.json", b"{}", "missing field");
    wrong("google.json", b"issuer", "expected");
    wrong("pass.pem", b"-----BEGIN", "no certificate");
    wrong("pass.key", b"secret", "no RSA private key");
    let others = std::fs::read(folder.path().join("ca.key")).unwrap();
    wrong("pass.key", &others, "not the key of the certificate");
    wrong("account.json", br#"{"client_email": "a@example.org", "private_key": "secret"}"#, "no RSA private key");
    std::fs::remove_file(folder.path().join("ca.pem")).unwrap();
    assert!(read(folder.path()).unwrap_err().contains("ca.pem"));
    let shown = format!("{:?}", Wallets::read(None, Some(&folder.path().join("google.json"))).unwrap());
    assert!(!shown.contains("PRIVATE") && shown.contains("tickets@example.org"), "{shown}");
}
