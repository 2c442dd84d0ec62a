// The node's words, by the names used in the console. Generated from docs/openapi/wideberth-v1.json (npm run types).
import type { components } from "./schema.ts";

type Schemas = components["schemas"];

export type Account = Schemas["Account"];
export type Act = Schemas["Act"];
export type ActAnswer = Schemas["ActAnswer"];
export type Agreement = Schemas["Agreement"];
export type Altitude = Schemas["Altitude"];
export type Basis = Schemas["Basis"];
export type Call = Schemas["Call"];
export type Conflict = Schemas["Conflict"];
export type Counts = Schemas["Counts"];
export type DeadManArea = Schemas["DeadManArea"];
export type ComparedFact = Schemas["ComparedFact"];
export type DataMode = Schemas["DataMode"];
export type Decision = Schemas["Decision"];
export type Declaration = Schemas["Declaration"];
export type Exchange = Schemas["Exchange"];
export type Handover = Schemas["Handover"];
export type HazardClass = Schemas["HazardClass"];
export type Kind = Schemas["Kind"];
export type LatLng = Schemas["LatLng"];
export type Length = Schemas["Length"];
export type Line = Schemas["Line"];
export type Log = Schemas["Log"];
export type LineRecord = Schemas["LineRecord"];
export type Matter = Schemas["Matter"];
export type Notice = Schemas["Notice"];
export type NoticeEvent = Schemas["EventNotice"];
export type Operator = Schemas["Operator"];
export type OwnKeys = Schemas["OwnKeys"];
export type Pair = Schemas["Pair"];
export type ProposedReadout = Schemas["ProposedReadout"];
export type Reading = Schemas["Reading"];
export type Recipient = Schemas["Recipient"];
export type Role = Schemas["Role"];
export type Rules = Schemas["Rules"];
export type ThirdParty = Schemas["ThirdParty"];
export type Version = Schemas["Version"];
export type Volume = Schemas["Volume"];

export interface NoticeDetail {
  notice: Notice;
  versions: Version[];
  third_parties?: ThirdParty[];
}

export interface Me {
  name: string;
  role: Role;
  key_id: string;
  expires_at: string;
  party: { id: string; name?: string };
  may: string[];
  csrf?: string;
}

export interface Status {
  version: string;
  party: { id: string; name?: string };
  times: Record<DataMode, string>;
  durable_seq: number;
  rules: string;
  refusing_writes?: string;
}

export interface Bases {
  conflict: string;
  ours?: Basis;
  theirs?: Basis;
  equal?: boolean;
  differences?: string[];
}
