//! Who sells tickets again: a channel of the kind MARKETPLACE, where its operator works in the secondary market. The extractor does steps 2 to 7 of the
//! order of checks, as those of [`super::extract`] do.

use aforo_domain::orders::market::admit;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::extract::Seller;
use super::respond::Problem;
use crate::app::App;

/// A caller of cancel & reissue.
#[derive(Debug)]
pub struct Marketplace(pub Seller);

impl FromRequestParts<App> for Marketplace {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let seller = Seller::from_request_parts(parts, app).await?;
        admit(&seller.view.identity, &seller.caller())?;
        Ok(Self(seller))
    }
}
