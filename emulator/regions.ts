/** A region as GetRegions describes it. */
export interface RegionRow {
  readonly continentCode: string;
  readonly description: string;
  readonly displayName: string;
  readonly name: string;
}

const regionEntry = (name: string, continentCode: string, displayName: string, where: string): RegionRow => ({
  continentCode,
  description: `This region is recommended to serve users in ${where}`,
  displayName,
  name,
});

/** Every region that has a Lightsail endpoint (October 2026). `us-west-1`, though in the SDK's enum, has none. */
export const REGIONS: readonly RegionRow[] = [
  regionEntry('us-east-1', 'NA', 'Virginia', 'the eastern United States'),
  regionEntry('us-east-2', 'NA', 'Ohio', 'the eastern United States'),
  regionEntry('us-west-2', 'NA', 'Oregon', 'the northwestern United States, Alaska, and western Canada'),
  regionEntry('ca-central-1', 'NA', 'Montreal', 'the eastern United States and Canada'),
  regionEntry('sa-east-1', 'SA', 'Sao Paulo', 'South America'),
  regionEntry('eu-west-1', 'EU', 'Ireland', 'Ireland and the United Kingdom'),
  regionEntry('eu-west-2', 'EU', 'London', 'the United Kingdom'),
  regionEntry('eu-west-3', 'EU', 'Paris', 'France and southwestern Europe'),
  regionEntry('eu-central-1', 'EU', 'Frankfurt', 'central Europe'),
  regionEntry('eu-north-1', 'EU', 'Stockholm', 'northern Europe'),
  regionEntry('eu-south-2', 'EU', 'Spain', 'Spain and Portugal'),
  regionEntry('ap-south-1', 'AS', 'Mumbai', 'India'),
  regionEntry('ap-southeast-1', 'AS', 'Singapore', 'southeast Asia'),
  regionEntry('ap-southeast-2', 'OC', 'Sydney', 'Australia and New Zealand'),
  regionEntry('ap-southeast-3', 'AS', 'Jakarta', 'Indonesia'),
  regionEntry('ap-southeast-5', 'AS', 'Malaysia', 'Malaysia'),
  regionEntry('ap-east-1', 'AS', 'Hong Kong', 'Hong Kong'),
  regionEntry('ap-northeast-1', 'AS', 'Tokyo', 'Japan'),
  regionEntry('ap-northeast-2', 'AS', 'Seoul', 'South Korea'),
];

const BY_NAME = new Map(REGIONS.map((row) => [row.name, row]));

/** Whether a client could reach a Lightsail endpoint of that name. */
export const hasRegionEndpoint = (name: string): boolean => BY_NAME.has(name);

/** The row of a region; an unknown name, such as a region of the future, gets a plain one. */
export const regionRow = (name: string): RegionRow =>
  BY_NAME.get(name) ?? regionEntry(name, 'NA', name, 'a region yet to come');
