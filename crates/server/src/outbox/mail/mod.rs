//! E-mails: put into words ([`letters`]), given the tickets that go along ([`enclosed`]) and handed to a mail server, or written into files where none is
//! set up.
//!
//! An e-mail keeps its `Message-ID` however often it is sent, so that a mailbox shows it once.

mod enclosed;
mod letters;
mod texts;

use std::path::PathBuf;
use std::time::Duration;

use aforo_domain::ids::{MessageId, ShardId};
use aforo_domain::messages::Mail;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::targets::Undelivered;
use crate::config::Config;
use crate::engine::Handle;
use crate::engine::view::ShardView;
use crate::http::time::Zones;
use enclosed::{Enclosed, Encloser};
use letters::Letter;

/// How long a mail server may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Sends e-mails.
#[derive(Debug)]
pub struct Mailer {
    from: Mailbox,
    zones: Zones,
    encloser: Encloser,
    way: Way,
}

/// Which way they go.
#[derive(Debug)]
enum Way {
    /// Into files in a directory.
    Files(PathBuf),
    /// To a mail server.
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
}

impl Mailer {
    /// As an installation is set up.
    pub fn of(config: &Config, engine: Handle) -> Self {
        let way = match &config.mail.smtp {
            Some(server) => Way::Smtp(Box::new(server.0.clone().timeout(Some(PATIENCE)).build())),
            None => Way::Files(config.mail.dir.clone().unwrap_or_else(|| config.data.join("mail"))),
        };
        Self { from: config.mail.from.clone(), zones: Zones::default(), encloser: Encloser::new(engine), way }
    }

    /// Delivers an e-mail.
    ///
    /// # Errors
    /// [`Undelivered`].
    pub async fn deliver(&self, shard: ShardId, id: MessageId, mail: &Mail, view: &ShardView) -> Result<(), Undelivered> {
        let enclosed = self.encloser.enclose(shard, mail, view, &self.zones).await?;
        let message = self.compose(shard, id, mail, view, enclosed)?;
        match &self.way {
            Way::Files(dir) => write(dir.clone(), format!("{shard}-{id}.eml"), message.formatted()).await,
            Way::Smtp(server) => server.send(message).await.map(drop).map_err(|error| refused_by(&error)),
        }
    }

    /// Puts it into words.
    fn compose(&self, shard: ShardId, id: MessageId, mail: &Mail, view: &ShardView, enclosed: Enclosed) -> Result<Message, Undelivered> {
        let refused = |error: String| Undelivered::Refused(error);
        let to: Address = mail.to.parse().map_err(|_| refused("the address is none".to_owned()))?;
        let Letter { subject, text, html } = letters::write(mail, view, &self.zones, &enclosed);
        let message = Message::builder()
            .message_id(Some(format!("<{shard}-{id}@{}>", self.from.email.domain())))
            .from(self.sender(mail, view))
            .to(Mailbox::new(None, to))
            .subject(subject);
        let body = MultiPart::alternative()
            .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text))
            .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(html));
        let body = match enclosed {
            Enclosed::Tickets(pdf) => {
                let kind = ContentType::parse("application/pdf").map_err(|error| refused(error.to_string()))?;
                MultiPart::mixed().multipart(body).singlepart(Attachment::new("tickets.pdf".to_owned()).body(pdf, kind))
            }
            Enclosed::TooMany | Enclosed::Nothing => body,
        };
        message.multipart(body).map_err(|error| refused(error.to_string()))
    }

    /// The installation's address, in the name of the channel.
    fn sender(&self, mail: &Mail, view: &ShardView) -> Mailbox {
        let name = view.identity.channels.get(&mail.channel).map(|channel| channel.name.clone());
        Mailbox::new(name.or_else(|| self.from.name.clone()), self.from.email.clone())
    }
}

/// What a mail server's refusal says. That it does not know us (530 to 539), or takes no mail at all (421), is not this e-mail's fault.
fn refused_by(error: &lettre::transport::smtp::Error) -> Undelivered {
    match error.status().map(|code| code.to_string()) {
        Some(code) if code.starts_with("53") || code == "421" => Undelivered::Away(error.to_string()),
        Some(_) => Undelivered::Refused(error.to_string()),
        None => Undelivered::Away(error.to_string()),
    }
}

/// Writes a file, whole or not at all, and over what an earlier attempt wrote.
async fn write(dir: PathBuf, name: String, content: Vec<u8>) -> Result<(), Undelivered> {
    let write = move || {
        use std::os::unix::fs::DirBuilderExt;
        // Letters are somebody's: as private as the store beside them.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        let unfinished = dir.join(format!(".{name}"));
        let file = std::fs::File::create(&unfinished)?;
        std::io::Write::write_all(&mut &file, &content)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, dir.join(name))
    };
    let written = tokio::task::spawn_blocking(write).await;
    let away = |error: String| Undelivered::Away(format!("the directory of mails cannot be written: {error}"));
    written.map_err(|panic| away(panic.to_string()))?.map_err(|error| away(error.to_string()))
}
