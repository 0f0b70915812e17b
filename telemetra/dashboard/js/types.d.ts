/** What the API answers, as far as the pages read it (GET /openapi.json says all of it). */

export type Form = "count" | "level" | "rate" | "score" | "money" | "price" | "top";
export type Draw = "line" | "area" | "bars" | "none";
export type StreamState = "live" | "stale" | "ended";

export interface Metric {
  name: string;
  label: string;
  form: Form;
  unit: string;
  draw: Draw;
  headline: boolean;
  known: string | null;
}

export interface Series {
  name: string;
  metric_name: string;
  unit: string;
  primary: boolean;
  moments: { moment_type: string; direction: "up" | "down" | "either" }[];
}

export interface Kind {
  name: string;
  event_types: string[];
  metrics: Metric[];
  series: Series[];
}

export interface Stream {
  stream_id: string;
  kind: string;
  streamer_name: string;
  title: string | null;
  game_category: string | null;
  started_at: string | null;
  ended_at: string | null;
  is_live: boolean;
  viewer_count: number | null;
  last_event_at: string | null;
  state: StreamState;
}

export interface MomentInShort {
  moment_id: string;
  version: number;
  timestamp: string;
  ended_at: string | null;
  moment_type: string;
  description: string;
  severity: number;
}

export interface StreamOverview extends Stream {
  newest: { timestamp: string; metrics: Values; is_anomaly: boolean; suspect: boolean } | null;
  line: (number | null)[];
  last_moment: MomentInShort | null;
  /** null: connectors feed it, the server alone judges. */
  stale_after_seconds: number | null;
}

export type Values = Record<string, any>;

export interface Baseline {
  level: number;
  low: number;
  high: number;
}

/** A stored minute, or the provisional last one (`complete` is false then). The kind's fields stand beside these. */
export interface Minute {
  stream_id: string;
  timestamp: string;
  z_score: number | null;
  is_anomaly: boolean;
  suspect: boolean;
  final: boolean;
  baseline?: Baseline | null;
  complete?: boolean;
  has_data?: boolean;
  data_age_seconds?: number | null;
  /** Only in updates: it should speak and does not. */
  stale?: boolean;
  [field: string]: any;
}

export interface Moment extends MomentInShort {
  stream_id: string;
  metric_name: string;
  metric_value: number;
  threshold: number | null;
  z_score: number | null;
  metadata: Values;
}

/** One row of the frame of all streams. */
export interface StreamUpdate {
  stream_id: string;
  kind?: string;
  timestamp?: string;
  metrics?: Values;
  is_anomaly?: boolean;
  has_data?: boolean;
  stale?: boolean;
  data_age_seconds?: number;
  last_moment?: MomentInShort;
}

export interface LedgerCounts {
  received: number;
  counted: number;
  duplicate: number;
  late: number;
  rejected: number;
  dead: number;
}

export interface LedgerRow extends LedgerCounts {
  minute: string;
  source: string;
}

/** What was not counted of one stream, by minute of arrival; `rows` holds the newest minutes with any. */
export interface StreamLedger {
  rows: { minute: string; duplicate: number; late: number }[];
  total: { duplicate: number; late: number };
}

export interface DeadLetter {
  id: string;
  disposition: "rejected" | "dead";
  source: string;
  code: string;
  detail: string;
  raw: string;
  received_at: string;
  correlation_id: string | null;
  redriven_at: string | null;
}

export type ConnectorState = "inactive" | "starting" | "running" | "reconnecting" | "stopped" | "error";

/** The declared fields (forms of connectors/fields.js) stand beside these. */
export interface Connector {
  connector_id: string;
  name: string;
  api_url: string;
  protocol_type: "REST" | "WebSocket";
  exchange_name: string;
  desired_state: "running" | "stopped";
  status: ConnectorState;
  stale: boolean;
  last_message_timestamp: string | null;
  message_count: number;
  messages_per_second: number | null;
  last_error: string | null;
  [field: string]: any;
}

export interface FeedGap {
  id: string;
  connector_id: string | null;
  stream_id: string | null;
  start: string;
  end: string | null;
  reason: string;
  missing: number | null;
  filled_at: string | null;
  backfill: "none" | "waiting" | "incomplete" | "failed" | "late" | "filled";
  backfill_attempts: number;
}

export interface ConnectorStatus {
  status: ConnectorState;
  reconnect_attempts: number;
  error_log: { timestamp: string; error: string; count: number }[];
  performance_metrics: Values;
  streams: string[];
  gaps: FeedGap[];
  owner: string | null;
}

export interface ProbedEvent {
  event_id: string;
  type: string;
  stream_id: string;
  timestamp: string | null;
  data: Values;
  problem: string | null;
}

export interface Probe {
  ok: boolean;
  error: string | null;
  seconds: number;
  messages: number;
  event_count: number;
  events: ProbedEvent[];
  controls: { control: string; detail: string }[];
}

export interface PresetParameter {
  name: string;
  description: string;
  form: "text" | "instrument" | "list";
  required: boolean;
  default: string | string[] | null;
  example: string | null;
}

export interface Preset {
  name: string;
  title: string;
  description: string;
  parameters: PresetParameter[];
}

export type Connection = "connecting" | "live" | "lost";
