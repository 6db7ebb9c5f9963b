/** Whether what is on screen comes from this device, and as of when. */
class Source {
  /** RFC 3339 UTC of the day on which the territory was taken along; nothing while the server answers. */
  at = $state('');

  /** Every answer tells where it comes from. */
  note(answer: Response): void {
    this.at = answer.headers.get('Bouillon-Pack') ?? '';
  }
}

export const source = new Source();
