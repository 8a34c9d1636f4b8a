//! Reports: what the books say, added up. Each is read on the reader threads, page by page over the orders of a span; no command waits behind one and nothing is
//! kept for one beforehand. What is added up are the lines of `domain::books`; who sees which of them is said here, in one place.
//!
//! A channel's entity sees its orders whole. A promoter sees of what others sold its own places and products, and its own surcharges.

pub mod exports;
pub mod sales;
pub mod settlement;
pub mod table;

use std::sync::Arc;

use aforo_domain::books::{self, Amounts, Line, Thing};
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::manage::Reach;
use aforo_domain::ids::{ChannelId, EntityId, ShardId};
use aforo_domain::moment::{DAY_MS, Timestamp};
use aforo_domain::orders::Order;
use aforo_domain::orders::sight::Sight;

use crate::app::App;
use crate::engine::view::ShardView;
use crate::http::checks::Checks;
use crate::http::extract::{Manager, Reporters};
use crate::http::params::Params;
use crate::http::respond::Problem;
use crate::http::time;
use crate::store::books::Bookmark;

/// Orders that are read at a time.
const PAGE: u64 = 250;
/// Orders that one report looks at, at most; exports have no end.
const MAX_ORDERS: usize = 300_000;
/// Days of one report at most.
const MAX_DAYS: i64 = 366;

/// A half-open span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Between {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

/// What a span is told by.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the document reads it")]
pub struct SpanQuery {
    /// The first instant, such as `2031-01-01T00:00:00Z`.
    from: String,
    /// The first instant that is not in it any more; at most 366 days later.
    to: String,
    /// The operator, where a PLATFORM_ADMIN asks.
    operator_id: Option<u64>,
}

/// Reads `from` and `to`; `DIST0005` if they are too far apart, `DIST0001` if they are the other way round.
fn span(checks: &mut Checks, params: &Params) -> Result<Between, Problem> {
    let mut instant = |name: &str| {
        let value = checks.required(name, params.get(name));
        checks.formed(name, value, time::parse).unwrap_or_default()
    };
    let span = Between { from: instant("from"), to: instant("to") };
    if span.to.ms_since(span.from) > MAX_DAYS * DAY_MS {
        checks.bad_value("to");
    }
    let given = params.get("from").is_some() && params.get("to").is_some();
    if given && span.to < span.from { Err(Code::Dist0001.into()) } else { Ok(span) }
}

/// Who reads the books, and of what.
#[derive(Debug, Clone)]
pub struct Books {
    app: App,
    shard: ShardId,
    view: Arc<ShardView>,
    sight: Sight,
    /// The channels in whose orders there may be something to see.
    channels: Vec<ChannelId>,
    span: Between,
}

impl Books {
    /// A caller's, over a span that has passed: what comes later is not in it.
    fn of(manager: &Manager<Reporters>, channel: Option<ChannelId>, span: Between) -> Result<Self, Problem> {
        let sight = match manager.reach()? {
            Reach::Platform | Reach::Operator => Sight::Operator,
            Reach::Entity(entity) => Sight::Entity(entity),
        };
        let mut channels: Vec<_> = manager.view.identity.channels.keys().copied().collect();
        channels.retain(|known| channel.is_none_or(|only| only == *known));
        channels.sort_unstable();
        let now = Timestamp(manager.now.0 + 1);
        let span = Between { to: span.to.min(now), ..span };
        Ok(Self { app: manager.app.clone(), shard: manager.shard, view: manager.view.clone(), sight, channels, span })
    }

    /// A page of a channel's orders behind a bookmark, and the bookmark behind it; `None` where there are no more.
    async fn page(&self, channel: ChannelId, behind: Bookmark) -> Result<(Vec<Arc<Order>>, Option<Bookmark>), Error> {
        let (shard, end) = (self.shard, self.span.to);
        let orders = self.app.engine.read(shard, move |reader| reader.books(shard, channel, behind, end, PAGE)).await?;
        let bookmark = |order: &Arc<Order>| Some(Bookmark { at: books::booked_at(order)?, order: order.id });
        let next = if (orders.len() as u64) < PAGE { None } else { orders.last().and_then(bookmark) };
        Ok((orders, next))
    }

    /// Every order, channel by channel.
    ///
    /// # Errors
    /// `DIST0005` if there are too many for a report; those of reading.
    async fn each(&self, mut each: impl FnMut(&Order)) -> Result<(), Problem> {
        let mut seen = 0;
        for channel in &self.channels {
            let mut behind = Some(Bookmark::before(self.span.from));
            while let Some(from) = behind {
                let (orders, next) = self.page(*channel, from).await?;
                seen += orders.len();
                if seen > MAX_ORDERS {
                    return Err(Error::invalid(&["from", "to"]).because("too many orders for one report").into());
                }
                orders.iter().for_each(|order| each(order));
                behind = next;
            }
        }
        Ok(())
    }

    /// Whether the caller sees an order whole.
    fn is_whole(&self, order: &Order) -> bool {
        self.sight.covers(order.seller.channel, &self.view.identity)
    }

    /// The lines of an order that the caller sees, each as far as it does.
    fn lines(&self, order: &Order) -> Vec<Line> {
        let lines = books::lines(order);
        if self.is_whole(order) {
            return lines;
        }
        let Sight::Entity(own) = self.sight else { return Vec::new() };
        lines.into_iter().filter(|line| self.promoter(line) == Some(own)).filter_map(part).collect()
    }

    /// Whose place, product or session a line is of; `None` for the delivery, which is nobody's.
    fn promoter(&self, line: &Line) -> Option<EntityId> {
        let catalogue = &self.view.catalogue;
        match line.thing {
            Thing::Place { event, .. } | Thing::Share { event, .. } | Thing::PerOrder { event, .. } => {
                catalogue.events.get(&event).map(|event| event.entity)
            }
            Thing::Unit { product, .. } => catalogue.products.get(&product).map(|product| product.entity),
            Thing::Delivery => None,
        }
    }
}

/// What a promoter sees of a line of what others sold: not what its seller insured, nor the seller's surcharges per order.
fn part(line: Line) -> Option<Line> {
    let amounts = match line.thing {
        Thing::PerOrder { .. } => Amounts { promoter_surcharges: line.amounts.promoter_surcharges, ..Amounts::default() },
        _ => Amounts { insurance: 0, ..line.amounts },
    };
    let seen = !matches!(line.thing, Thing::PerOrder { .. }) || amounts.promoter_surcharges != 0;
    seen.then_some(Line { amounts, ..line })
}
