// @ts-check
export function explorePage(host){return{update(){},close(){}}}
