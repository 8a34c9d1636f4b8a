//! The demonstration world: fills an empty store by the calls of the management API that any user would make, and writes down who may sign in.
//!
//! It goes through the whole HTTP side of the server in this process, so nothing in it can be what the API would refuse.

mod credentials;
pub mod desk;
mod festival;
mod museum;
mod offers;
mod opera;
mod people;
mod round;
mod stadium;
#[cfg(test)]
mod tests;
mod texts;

use aforo_server::api::oauth::keys;
use aforo_server::app::App;

use credentials::Credentials;
use desk::Desk;

/// Fills an empty store, with the platform's own key, and writes `demo-credentials.json` beside it.
///
/// # Errors
/// What a call was refused with, or why the file could not be written.
pub async fn fill(app: &App, platform_key: &str) -> Result<(), String> {
    // Serving sees to it that there is a key to sign tokens with; this comes before.
    keys::rotate(app).await.map_err(|error| error.to_string())?;
    let platform = Desk::sign_in(app, platform_key).await?;
    let mut credentials = Credentials::new(app);

    let levante = platform.operator("Levante Live", true).await?;
    let stage = people::levante(&levante, &mut credentials).await?;
    stadium::fill(&levante, &stage).await?;
    opera::fill(&levante, &stage).await?;
    festival::fill(&levante, &stage).await?;
    offers::fill(&levante, &stage, &mut credentials).await?;

    let nord = platform.operator("Museus del Nord", false).await?;
    let gallery = people::nord(&nord, &mut credentials).await?;
    museum::fill(&nord, &gallery).await?;

    credentials.write(&app.config.data)
}
