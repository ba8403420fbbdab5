/**
 * Names of the schemas that the layer itself uses; the plugins know theirs.
 */
const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow';

export const PRODUCT = `${SNOWPLOW}.ecommerce/product/jsonschema/1-0-0`;
export const CART = `${SNOWPLOW}.ecommerce/cart/jsonschema/1-0-0`;
export const CONSENT = `${SNOWPLOW}/consent_preferences/jsonschema/1-0-0`;
/** The cart was opened; the cart and its products are entities. No field of its own. */
export const CART_VIEW = 'iglu:com.gxy/cart_view/jsonschema/1-0-0';
/** `engaged_ms`: attention since the last report. On page pings. */
export const ENGAGEMENT = 'iglu:com.gxy/engagement/jsonschema/1-0-0';
