// drizzle-seed: `seed(db, schema).refine(…)`, with a generator named for every column.
// Runs in the folder with node_modules: node drizzle.cjs ROWS, the database in PEER_URL.

const { createRequire } = require("node:module");
const { performance } = require("node:perf_hooks");

const installed = createRequire(`${process.cwd()}/`);
const pg = installed("pg");
const core = installed("drizzle-orm/pg-core");
const { drizzle } = installed("drizzle-orm/node-postgres");
const { seed } = installed("drizzle-seed");

const SEED = 42;
const STATUSES = [
  "PENDING", "CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED",
];

const status = core.pgEnum("order_status", STATUSES);
const amount = (name) => core.numeric(name, { precision: 10, scale: 2 }).notNull();
const moment = (name) => core.timestamp(name, { withTimezone: true });
const text = (name, length) => core.varchar(name, { length });
const orders = core.pgTable("orders", {
  id: core.uuid("id").primaryKey(),
  sellerId: core.uuid("seller_id").notNull(),
  sellpageId: core.uuid("sellpage_id"),
  orderNumber: text("order_number", 50).notNull(),
  customerEmail: text("customer_email", 255).notNull(),
  customerName: text("customer_name", 255),
  customerPhone: text("customer_phone", 50),
  shippingAddress: core.jsonb("shipping_address").notNull(),
  subtotal: amount("subtotal"),
  shippingCost: amount("shipping_cost"),
  taxAmount: amount("tax_amount"),
  discountAmount: amount("discount_amount"),
  total: amount("total"),
  currency: text("currency", 3).notNull(),
  status: status("status").notNull(),
  paymentMethod: text("payment_method", 50),
  paymentId: text("payment_id", 255),
  paidAt: moment("paid_at"),
  trackingNumber: text("tracking_number", 255),
  trackingUrl: text("tracking_url", 1000),
  notes: core.text("notes"),
  createdAt: moment("created_at").notNull(),
  updatedAt: moment("updated_at").notNull(),
});

const keys = async (pool, table) =>
  (await pool.query(`SELECT id FROM ${table} ORDER BY id`)).rows.map((row) => row.id);

async function main() {
  const rows = Number(process.argv.at(-1));
  const pool = new pg.Pool({ connectionString: process.env.PEER_URL });
  // A reference to a table outside the schema that it seeds is drawn from a list of values.
  const sellers = await keys(pool, "sellers");
  const pages = await keys(pool, "sellpages");
  const started = performance.now();
  await seed(drizzle(pool), { orders }, { count: rows, seed: SEED }).refine((funcs) => {
    const money = (maxValue) => funcs.number({ minValue: 0, maxValue, precision: 100 });
    return {
      orders: {
        columns: {
          id: funcs.uuid(),
          sellerId: funcs.valuesFromArray({ values: sellers }),
          sellpageId: funcs.valuesFromArray({ values: pages }),
          orderNumber: funcs.string({ isUnique: true }),
          customerEmail: funcs.email(),
          customerName: funcs.fullName(),
          customerPhone: funcs.phoneNumber({ template: "+1 ### ### ####" }),
          shippingAddress: funcs.json(),
          subtotal: money(500),
          shippingCost: money(5),
          taxAmount: money(25),
          discountAmount: money(5),
          total: money(500),
          currency: funcs.default({ defaultValue: "USD" }),
          status: funcs.valuesFromArray({ values: STATUSES }),
          paymentMethod: funcs.valuesFromArray({ values: ["card", "paypal"] }),
          paymentId: funcs.string(),
          paidAt: funcs.timestamp(),
          trackingNumber: funcs.phoneNumber({ template: "TRK##########" }),
          trackingUrl: funcs.phoneNumber({ template: "https://track.example/TRK##########" }),
          notes: funcs.default({ defaultValue: null }),
          createdAt: funcs.timestamp(),
          updatedAt: funcs.timestamp(),
        },
      },
    };
  });
  const seconds = (performance.now() - started) / 1000;
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ seconds, peak_mb: peak }));
  await pool.end();
}

main().catch((error) => {
  console.error(`Error: ${(error.cause ?? error).message}`);
  process.exit(1);
});
