import { startAge } from '../../lambda/deletion/check-age';

describe('the age of a check', () => {
  const started = () => {
    let [wall, steady] = [1_000_000, 500];
    const age = startAge({ clock: () => wall, monotonic: () => steady });
    return {
      after(byWall: number, bySteady: number): number {
        wall += byWall;
        steady += bySteady;
        return age();
      },
    };
  };

  it.each([
    ['both clocks say the same', 700, 700, 700],
    ['the machine was suspended, and its steady clock with it', 75_000, 10, 75_000],
    ['the wall clock was set back a little less than time passed', 10, 75_000, 75_000],
    ['no time passed', 0, 0, 0],
  ])('is the larger of both where %s', (_, byWall, bySteady, age) => {
    expect(started().after(byWall, bySteady)).toBe(age);
  });

  it.each([
    ['the wall clock', -1, 500],
    ['the steady clock', 500, -1],
  ])('is beyond every limit when %s went back', (_, byWall, bySteady) => {
    expect(started().after(byWall, bySteady)).toBe(Number.POSITIVE_INFINITY);
  });
});
