//! Promoters at work while tickets are sold: they import barcodes, often ones that are there already or are another session's, take free ones out, and
//! change products.
//! Nobody waits for their answers; what must be so is the laws' and the ledger's to say.

use aforo_domain::catalogue::manage::CatalogueCommand;
use aforo_domain::command::Command;
use aforo_domain::identity::check::Actor;
use aforo_domain::moment::Draw;
use aforo_server::engine::Request;

use super::clients::below;
use super::products;
use super::stage::{SHARD, Show, barcode};

/// How many barcodes there are in all: so many that pools never have enough, so few that promoters meet.
const BARCODES: usize = 40;

/// The next command.
pub fn ask(shows: &[Show], draw: &mut Draw) -> Request {
    if below(draw, 4) == 0 {
        return products::change(shows, draw);
    }
    let pooled = shows.len() - 1;
    let show = if below(draw, 4) == 0 { below(draw, shows.len()) } else { pooled };
    let command = match below(draw, 6) {
        0 => CatalogueCommand::RemoveBarcodes(shows[show].id, 1 + below(draw, 3)),
        _ => {
            let first = below(draw, BARCODES);
            let barcodes = (first..first + 1 + below(draw, 4)).map(|number| barcode(number % BARCODES));
            CatalogueCommand::ImportBarcodes(shows[show].id, barcodes.collect())
        }
    };
    Request { shard: SHARD, actor: Actor::System, command: Command::Catalogue(command), idempotency: None }
}
